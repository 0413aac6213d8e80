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
	ID, Status, Error string
	Answer            struct {
		MessageID string `json:"message_id"`
	}
}

func main() {
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
	command, _ := json.Marshal(map[string]string{"id": id, "account": account, "action": "message", "to": customer, "text": text})
	// The key brings whatever is about one conversation to one place.
	record := &kgo.Record{Topic: prefix + ".replies.v1", Key: []byte(account + ":" + customer), Value: command}
	if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
		log.Fatal(err)
	}
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			var result result
			if json.Unmarshal(record.Value, &result) != nil || result.ID != id || result.Status == "intended" {
				return
			}
			fmt.Println(result.Status, cmp.Or(result.Error, result.Answer.MessageID))
			if result.Status != "done" {
				os.Exit(1)
			}
			os.Exit(0)
		})
	}
	log.Fatal("no result within a minute; the command may still be carried out")
}
