import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** .NET without a package. */
export const dotnet: Writer = (target) => {
  const proof = proofOf(target)
  if (proof === undefined) return undefined
  const form = [
    ...fields(target).map(([name, value]) => [name, quoted(value)] as const),
    ['client_id', quoted(target.clientId)] as const,
    ...proof.form,
  ]
  const text = `using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
${proof.imports}
var tokens = new Tokens();
Console.WriteLine(await tokens.Get());

class Tokens
{
    private readonly HttpClient http = ${proof.http};
    private readonly SemaphoreSlim turn = new(1);
    private string token = "";
    private DateTime renewAt = DateTime.MinValue;

    /// <summary>A valid token: the last one, or a new one from a minute before that expires.</summary>
    public async Task<string> Get()
    {
        await turn.WaitAsync();
        try
        {
            if (DateTime.UtcNow < renewAt) return token;
            var answer = await Ask();
            token = answer.GetProperty("access_token").GetString()!;
            renewAt = DateTime.UtcNow.AddSeconds(answer.GetProperty("expires_in").GetInt32() - 60);
            return token;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Asks for a token, and again if the server is busy.</summary>
    private async Task<JsonElement> Ask()
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await http.PostAsync(${quoted(target.tokenUrl)}, new FormUrlEncodedContent(new Dictionary<string, string>
            {
${form.map(([name, value]) => `                [${quoted(name)}] = ${value},`).join('\n')}
            }));
            if (attempt == 4 || answer.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
            await Task.Delay(answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
        }
    }
}`
  return { id: 'dotnet', title: '.NET', file: 'Program.cs', text }
}

interface Parts {
  readonly form: readonly (readonly [string, string])[]
  readonly http: string
  readonly imports: string
}

function proofOf({ proof }: Target): Parts | undefined {
  const plain = { http: 'new()', imports: '' }
  if (proof.kind === 'secret')
    return { ...plain, form: [['client_secret', `Environment.GetEnvironmentVariable("${SECRET_VARIABLE}")!`]] }
  if (proof.kind === 'token-file')
    return {
      ...plain,
      form: [
        ['client_assertion_type', quoted(ASSERTION_TYPE)],
        ['client_assertion', `(await File.ReadAllTextAsync(${quoted(proof.path)})).Trim()`],
      ],
    }
  if (proof.kind === 'certificate')
    return {
      form: [],
      http: `new(new HttpClientHandler
    {
        ClientCertificates = { X509Certificate2.CreateFromPemFile("client.crt", "client.key") },
    })`,
      imports: 'using System.Security.Cryptography.X509Certificates;\n',
    }
  return undefined
}
