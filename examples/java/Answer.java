// Answers a customer by a direct message, and prints what became of it.
//
//   mvn dependency:copy-dependencies
//   WEIR_BROKERS=localhost:9092 java -cp 'target/dependency/*' Answer.java ACCOUNT CUSTOMER TEXT
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Answer {
  public static void main(String[] args) throws Exception {
    String account = args[0], customer = args[1], id = UUID.randomUUID().toString();
    String prefix = System.getenv().getOrDefault("WEIR_TOPIC_PREFIX", "meta");
    Map<String, Object> brokers = Map.of("bootstrap.servers", System.getenv().getOrDefault("WEIR_BROKERS", "localhost:9092"));
    var json = new ObjectMapper();
    try (var consumer = new KafkaConsumer<>(brokers, new StringDeserializer(), new StringDeserializer());
        var producer = new KafkaProducer<>(brokers, new StringSerializer(), new StringSerializer())) {
      // Where the results end before the command is written, so that its own is not missed. There is no group.
      var partitions = consumer.partitionsFor(prefix + ".replies.results.v1").stream()
          .map(partition -> new TopicPartition(partition.topic(), partition.partition())).toList();
      consumer.assign(partitions);
      consumer.endOffsets(partitions).forEach(consumer::seek);
      // The key brings whatever is about one conversation to one place.
      // Nobody waits for it longer, so it is not carried out later either. Whoever tries again keeps the id.
      var end = Instant.now().plusSeconds(60).truncatedTo(ChronoUnit.SECONDS);
      var command = Map.of("id", id, "account", account, "action", "message", "to", customer, "text", args[2], "not_after", end.toString());
      var record = new ProducerRecord<>(prefix + ".replies.v1", account + ":" + customer, json.writeValueAsString(command));
      producer.send(record).get();
      int intended = 0;
      while (Instant.now().isBefore(end)) {
        for (var found : consumer.poll(Duration.ofSeconds(1))) {
          JsonNode result = json.readTree(found.value());
          String status = result.path("status").asText();
          if (!result.path("account").asText().equals(account) || !result.path("id").asText().equals(id)) {
            continue;
          }
          int attempt = result.path("attempt").asInt();
          if (status.equals("intended")) {
            intended = Math.max(intended, attempt);
          } else if (attempt >= intended) { // Otherwise it is tried again.
            System.out.println(status + " " + result.path("error").asText(result.at("/answer/message_id").asText()));
            System.exit(status.equals("done") ? 0 : 1);
          }
        }
      }
    }
    System.err.println("no result of " + id + " within a minute; it may have been carried out, and will not be any more");
    System.exit(1);
  }
}
