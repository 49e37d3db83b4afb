import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** Rust with reqwest. */
export const rust: Writer = (target) => {
  const proof = proofOf(target)
  if (proof === undefined) return undefined
  const form = [...fields(target), ['client_id', target.clientId] as const].map(
    ([name, value]) => `(${quoted(name)}, ${quoted(value)})`,
  )
  const text = `fn main() -> Result<(), Box<dyn std::error::Error>> {
${proof.setup.map((line) => `    ${line}\n`).join('')}    let answer: serde_json::Value = ${proof.http}
        .post(${quoted(target.tokenUrl)})
        .form(&[
${[...form, ...proof.form].map((pair) => `            ${pair},`).join('\n')}
        ])
        .send()?
        .error_for_status()?
        .json()?;
    println!("{}", answer["access_token"].as_str().unwrap_or_default());
    Ok(())
}`
  return {
    id: 'rust',
    title: 'Rust',
    file: 'main.rs',
    before: `cargo add serde_json && cargo add reqwest --features blocking,form,json`,
    text,
  }
}

interface Parts {
  readonly setup: readonly string[]
  readonly form: readonly string[]
  readonly http: string
}

function proofOf({ proof }: Target): Parts | undefined {
  const http = 'reqwest::blocking::Client::new()'
  if (proof.kind === 'secret')
    return {
      http,
      setup: [`let secret = std::env::var("${SECRET_VARIABLE}")?;`],
      form: ['("client_secret", secret.as_str())'],
    }
  if (proof.kind === 'token-file')
    return {
      http,
      setup: [`let assertion = std::fs::read_to_string(${quoted(proof.path)})?;`],
      form: [`("client_assertion_type", ${quoted(ASSERTION_TYPE)})`, '("client_assertion", assertion.trim())'],
    }
  return undefined
}
