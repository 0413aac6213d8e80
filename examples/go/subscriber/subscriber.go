// Prints typed events and the inbox, one line a record.
//
//	WEIR_BROKERS=localhost:9092 go run ./subscriber
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Members that are not named here, or come later, are passed over. `Data` is Meta's own item.
type event struct {
	Type, Time, MetaObject, Subject string
	Data                            struct{ Message struct{ Text string } }
}

type inbox struct {
	OccurredAt            string `json:"occurred_at"`
	Platform, Event, From string
	Message               struct{ Body string }
}

func main() {
	prefix := cmp.Or(os.Getenv("WEIR_TOPIC_PREFIX"), "meta")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(cmp.Or(os.Getenv("WEIR_BROKERS"), "localhost:9092"), ",")...),
		kgo.ConsumerGroup("go-printer"),
		kgo.ConsumeTopics(prefix+".messages.v1", prefix+".inbox.v1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return
		}
		fetches.EachError(func(topic string, _ int32, err error) { log.Println(topic, err) })
		fetches.EachRecord(func(record *kgo.Record) {
			if strings.HasSuffix(record.Topic, ".inbox.v1") {
				of := read[inbox](record)
				show(of.OccurredAt, of.Platform, of.Event, of.From, of.Message.Body)
				return
			}
			of := read[event](record)
			// `message.echo` of `com.meta.instagram.message.echo.v1`.
			kind := strings.TrimSuffix(strings.TrimPrefix(of.Type, "com.meta."+of.MetaObject+"."), ".v1")
			show(of.Time, of.MetaObject, kind, of.Subject, of.Data.Message.Text)
		})
		// Committed once all are done with, at the end too: nothing is lost.
		if err := client.CommitUncommittedOffsets(context.WithoutCancel(ctx)); err != nil {
			log.Println(err)
		}
	}
}

func read[T any](record *kgo.Record) (value T) {
	// A member of another type than Meta is known to send is left out, the others are there.
	if err := json.Unmarshal(record.Value, &value); err != nil {
		log.Println(record.Topic, record.Partition, record.Offset, err)
	}
	return value
}

func show(parts ...string) {
	for at, part := range parts {
		parts[at] = cmp.Or(part, "-")
	}
	fmt.Println(strings.Join(parts, " "))
}
