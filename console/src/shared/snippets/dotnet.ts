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
  const text = `using System.Net.Http.Json;
using System.Text.Json;
${proof.imports}
using var http = ${proof.http};
var answer = await http.PostAsync(${quoted(target.tokenUrl)}, new FormUrlEncodedContent(new Dictionary<string, string>
{
${form.map(([name, value]) => `    [${quoted(name)}] = ${value},`).join('\n')}
}));
answer.EnsureSuccessStatusCode();
var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
Console.WriteLine(token.GetProperty("access_token").GetString());`
  return { id: 'dotnet', title: '.NET', file: 'Program.cs', text }
}

interface Parts {
  readonly form: readonly (readonly [string, string])[]
  readonly http: string
  readonly imports: string
}

function proofOf({ proof }: Target): Parts | undefined {
  const plain = { http: 'new HttpClient()', imports: '' }
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
      http: `new HttpClient(new HttpClientHandler
{
    ClientCertificates = { X509Certificate2.CreateFromPemFile("client.crt", "client.key") },
})`,
      imports: 'using System.Security.Cryptography.X509Certificates;\n',
    }
  return undefined
}
