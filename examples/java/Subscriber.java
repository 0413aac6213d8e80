// Prints typed events and the inbox, one line a record.
//
//   mvn dependency:copy-dependencies
//   WEIR_BROKERS=localhost:9092 java -cp 'target/dependency/*' Subscriber.java
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Subscriber {
  static volatile boolean ended;

  public static void main(String[] args) throws Exception {
    String prefix = System.getenv().getOrDefault("WEIR_TOPIC_PREFIX", "meta");
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", System.getenv().getOrDefault("WEIR_BROKERS", "localhost:9092"),
        "group.id", "java-printer", "auto.offset.reset", "earliest", "enable.auto.commit", false);
    var json = new ObjectMapper();
    var main = Thread.currentThread();
    // Who ends it waits until it has left its group, so that another one has its partitions at once.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      ended = true;
      try {
        main.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }));
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(prefix + ".messages.v1", prefix + ".inbox.v1"));
      while (!ended) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          var value = json.readTree(record.value());
          System.out.println(record.topic().endsWith(".inbox.v1") ? inbox(value) : event(value));
        }
        // Committed once all are done with: nothing is lost, whenever it is ended.
        consumer.commitSync();
      }
    }
  }

  static String inbox(JsonNode record) {
    return line(record, "/occurred_at", "/platform", "/event", "/from", "/message/body");
  }

  /** `data` is Meta's own item. */
  static String event(JsonNode event) {
    // `message.echo` of `com.meta.instagram.message.echo.v1`.
    String kind = event.path("type").asText().replaceAll("^com\\.meta\\.\\w+\\.|\\.v1$", "");
    return line(event, "/time", "/metaobject") + " " + kind + " " + line(event, "/subject", "/data/message/text");
  }

  static String line(JsonNode value, String... members) {
    return Stream.of(members).map(member -> value.at(member).asText("-")).collect(Collectors.joining(" "));
  }
}
