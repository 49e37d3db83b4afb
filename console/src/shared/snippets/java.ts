import { quoted, SECRET_VARIABLE, type Writer } from './target.ts'

/** Java with the OAuth SDK of Nimbus, which asks for no token with that of a platform. */
export const java: Writer = ({ clientId, tokenUrl, scope, resource, proof }) => {
  if (proof.kind !== 'secret') return undefined
  const details = [
    ...(scope === '' ? [] : [`.scope(Scope.parse(${quoted(scope)}))`]),
    ...(resource === undefined ? [] : [`.resource(URI.create(${quoted(resource)}))`]),
  ]
  const text = `import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import java.net.URI;
import java.time.Instant;

class Tokens {
  private AccessToken token;
  private Instant renewAt = Instant.MIN;

  /** A valid token: the last one, or a new one from a minute before that expires. */
  synchronized String get() throws Exception {
    if (Instant.now().isAfter(renewAt)) {
      token = ask();
      renewAt = Instant.now().plusSeconds(token.getLifetime() - 60);
    }
    return token.getValue();
  }

  /** Asks for a token, and again if the server is busy. */
  private static AccessToken ask() throws Exception {
    for (int attempt = 1; ; attempt++) {
      var client = new ClientSecretBasic(new ClientID(${quoted(clientId)}), new Secret(System.getenv("${SECRET_VARIABLE}")));
      var request = new TokenRequest.Builder(URI.create(${quoted(tokenUrl)}), client, new ClientCredentialsGrant())
${details.map((line) => `          ${line}\n`).join('')}          .build();
      var answer = request.toHTTPRequest().send();
      int status = answer.getStatusCode();
      if (attempt < 4 && (status == 429 || status == 503)) {
        var wait = answer.getHeaderValue("Retry-After");
        Thread.sleep(1000L * (wait == null ? 1 : Integer.parseInt(wait)));
        continue;
      }
      var response = TokenResponse.parse(answer);
      if (!response.indicatesSuccess())
        throw new IllegalStateException(response.toErrorResponse().getErrorObject().getDescription());
      return response.toSuccessResponse().getTokens().getAccessToken();
    }
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println(new Tokens().get());
  }
}`
  return { id: 'java', title: 'Java', file: 'Tokens.java', before: 'com.nimbusds:oauth2-oidc-sdk', text }
}
