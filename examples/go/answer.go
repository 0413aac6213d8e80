// Answers a customer by a direct message, and prints what became of it.
//
//	WEIR_BROKERS=localhost:9092 go run . ACCOUNT CUSTOMER TEXT
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type result struct {
	Account, ID, Status, Error string
	Attempt                    int
	Answer                     struct {
		MessageID string `json:"message_id"`
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: go run . ACCOUNT CUSTOMER TEXT")
	}
	account, customer, text, id := os.Args[1], os.Args[2], os.Args[3], rand.Text()
	prefix := cmp.Or(os.Getenv("WEIR_TOPIC_PREFIX"), "meta")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(cmp.Or(os.Getenv("WEIR_BROKERS"), "localhost:9092"), ",")...),
		// From before the command is written, so that its result is not missed. There is no group.
		kgo.ConsumeTopics(prefix+".replies.results.v1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(time.Now().Add(-time.Minute).UnixMilli())),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// Nobody waits for it longer, so it is not carried out later either. Whoever tries again keeps the id.
	end, _ := ctx.Deadline()
	command, _ := json.Marshal(map[string]string{
		"id": id, "account": account, "action": "message", "to": customer, "text": text, "not_after": end.UTC().Format(time.RFC3339),
	})
	// The key brings whatever is about one conversation to one place.
	record := &kgo.Record{Topic: prefix + ".replies.v1", Key: []byte(account + ":" + customer), Value: command}
	if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
		log.Fatal(err)
	}
	intended := 0
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		fetches.EachError(func(topic string, _ int32, err error) { log.Println(topic, err) })
		fetches.EachRecord(func(record *kgo.Record) {
			var result result
			if json.Unmarshal(record.Value, &result) != nil || result.Account != account || result.ID != id {
				return
			}
			if result.Status == "intended" {
				intended = max(intended, result.Attempt)
				return
			}
			if result.Attempt < intended {
				return // It is tried again.
			}
			fmt.Println(result.Status, cmp.Or(result.Error, result.Answer.MessageID))
			if result.Status != "done" {
				os.Exit(1)
			}
			os.Exit(0)
		})
	}
	log.Fatal("no result of ", id, " within a minute; it may have been carried out, and will not be any more")
}
