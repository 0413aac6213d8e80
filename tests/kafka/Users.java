// Makes the users of a broker: a JSON array on standard input of {name, password, acls} with the ACLs of Strimzi's KafkaUser;
// without a password, of one there is. Those in `revoked` are taken away.
//
// java -cp 'tests/kafka/target/jars/*' tests/kafka/Users.java BOOTSTRAP

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.SecurityUtils;

public class Users {
    private static final ScramCredentialInfo SCRAM = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);

    public static void main(String[] arguments) throws Exception {
        List<UserScramCredentialAlteration> credentials = new ArrayList<>();
        List<AclBinding> acls = new ArrayList<>();
        List<AclBindingFilter> revoked = new ArrayList<>();
        for (JsonNode user : new ObjectMapper().readTree(System.in)) {
            String name = user.get("name").asText();
            if (user.has("password")) {
                credentials.add(new UserScramCredentialUpsertion(name, SCRAM, user.get("password").asText()));
            }
            acls.addAll(bindings(name, user.path("acls")));
            bindings(name, user.path("revoked")).forEach(binding -> revoked.add(binding.toFilter()));
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
            admin.alterUserScramCredentials(credentials).all().get();
            admin.createAcls(acls).all().get();
            admin.deleteAcls(revoked).all().get();
        }
        System.out.println(credentials.size() + " users, " + acls.size() + " rights");
    }

    private static List<AclBinding> bindings(String user, JsonNode acls) {
        List<AclBinding> bindings = new ArrayList<>();
        for (JsonNode acl : acls) {
            for (JsonNode operation : acl.get("operations")) {
                bindings.add(binding(user, acl.get("resource"), operation.asText()));
            }
        }
        return bindings;
    }

    private static AclBinding binding(String user, JsonNode resource, String operation) {
        ResourceType type = ResourceType.fromString(resource.get("type").asText());
        PatternType pattern = PatternType.valueOf(resource.get("patternType").asText().toUpperCase());
        return new AclBinding(
                new ResourcePattern(type, resource.get("name").asText(), pattern),
                new AccessControlEntry("User:" + user, "*", SecurityUtils.operation(operation), AclPermissionType.ALLOW));
    }
}
