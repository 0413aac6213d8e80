// A peer: net/http and franz-go. Verifies a delivery, publishes its bytes and an event for each message, answers 200 once Kafka has
// acknowledged all of them.
package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

type delivery struct {
	Object string `json:"object"`
	Entry  []struct {
		ID        string            `json:"id"`
		Messaging []json.RawMessage `json:"messaging"`
	} `json:"entry"`
}

type item struct {
	Sender struct {
		ID string `json:"id"`
	} `json:"sender"`
	Timestamp int64 `json:"timestamp"`
	Message   struct {
		Mid string `json:"mid"`
	} `json:"message"`
}

type event struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Source      string          `json:"source"`
	Subject     string          `json:"subject"`
	Time        int64           `json:"time"`
	ContentType string          `json:"datacontenttype"`
	Object      string          `json:"metaobject"`
	Account     string          `json:"metaaccount"`
	DeliveryID  string          `json:"deliveryid"`
	Data        json.RawMessage `json:"data"`
}

type peer struct {
	client                *kgo.Client
	secret                []byte
	rawTopic, typedTopic string
}

func main() {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("BROKERS"), ",")...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		log.Fatal(err)
	}
	p := peer{client, []byte(os.Getenv("APP_SECRET")), os.Getenv("RAW_TOPIC"), os.Getenv("TYPED_TOPIC")}
	http.HandleFunc("POST /webhook", p.receive)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func (p peer) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !p.isSigned(r.Header.Get("X-Hub-Signature-256"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	records, err := p.records(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if p.client.ProduceSync(r.Context(), records...).FirstErr() != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (p peer) isSigned(header string, body []byte) bool {
	digits, _ := strings.CutPrefix(header, "sha256=")
	digest, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, p.secret)
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), digest)
}

// The delivery itself, and an event for each of its messages.
func (p peer) records(body []byte) ([]*kgo.Record, error) {
	var d delivery
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	records := []*kgo.Record{{Topic: p.rawTopic, Value: body}}
	id := rand.Text()
	for _, entry := range d.Entry {
		for _, data := range entry.Messaging {
			var i item
			if err := json.Unmarshal(data, &i); err != nil {
				return nil, err
			}
			key := entry.ID + ":" + i.Sender.ID
			value, err := json.Marshal(event{
				SpecVersion: "1.0", ID: i.Message.Mid, Type: "com.meta.message.v1", Source: "/meta/" + d.Object + "/" + entry.ID,
				Subject: key, Time: i.Timestamp, ContentType: "application/json", Object: d.Object, Account: entry.ID,
				DeliveryID: id, Data: data,
			})
			if err != nil {
				return nil, err
			}
			records = append(records, &kgo.Record{Topic: p.typedTopic, Key: []byte(key), Value: value})
		}
	}
	return records, nil
}
