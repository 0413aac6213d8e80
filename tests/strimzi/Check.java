// Checks objects of standard input, a JSON array, against the classes that Strimzi's operators read them with.
//
// Prints a line for each: the kind and "fine", "unknown kind", or what is wrong. The classes keep members that they do not
// know apart; any such member is unknown. Run from source: java -cp 'tests/strimzi/target/jars/*' tests/strimzi/Check.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.strimzi.api.kafka.model.common.UnknownPropertyPreserving;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;

public class Check {
    private static final String VERSION = "kafka.strimzi.io/v1";
    private static final Map<String, Class<?>> KINDS = Map.of(
            "Kafka", Kafka.class, "KafkaNodePool", KafkaNodePool.class, "KafkaTopic", KafkaTopic.class,
            "KafkaUser", KafkaUser.class);

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        for (JsonNode thing : mapper.readTree(System.in)) {
            String name = thing.get("kind").asText() + " " + thing.get("metadata").get("name").asText();
            System.out.println(name + ": " + check(mapper, thing));
        }
    }

    private static String check(ObjectMapper mapper, JsonNode thing) throws Exception {
        Class<?> kind = KINDS.get(thing.get("kind").asText());
        if (kind == null || !VERSION.equals(thing.get("apiVersion").asText())) {
            return "unknown kind";
        }
        Collection<String> unknown = new LinkedHashSet<>();
        try {
            collect(mapper.treeToValue(thing, kind), "", unknown);
        } catch (JsonProcessingException error) {
            return error.getOriginalMessage();
        }
        return unknown.isEmpty() ? "fine" : String.join(", ", unknown) + " unknown";
    }

    /** Adds the paths of the members that the classes do not know. */
    private static void collect(Object value, String path, Collection<String> unknown) throws Exception {
        if (value instanceof Collection<?> items) {
            for (Object item : items) {
                collect(item, path + "[]", unknown);
            }
        }
        if (value instanceof UnknownPropertyPreserving known && known.getAdditionalProperties() != null) {
            known.getAdditionalProperties().keySet().forEach(name -> unknown.add(path + "." + name));
        }
        if (value == null || !value.getClass().getPackageName().startsWith("io.strimzi")) {
            return;
        }
        for (Method method : value.getClass().getMethods()) {
            boolean reads = method.getName().startsWith("get") && method.getParameterCount() == 0;
            if (reads && !method.getName().equals("getAdditionalProperties")) {
                collect(method.invoke(value), path + "." + method.getName().substring(3).toLowerCase(), unknown);
            }
        }
    }
}
