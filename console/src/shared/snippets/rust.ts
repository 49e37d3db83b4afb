import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** Rust with reqwest. */
export const rust: Writer = (target) => {
  const proof = proofOf(target)
  if (proof === undefined) return undefined
  const form = [...fields(target), ['client_id', target.clientId] as const].map(
    ([name, value]) => `(${quoted(name)}, ${quoted(value)})`,
  )
  const text = `use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[derive(Default)]
struct Tokens {
    last: Option<(String, Instant)>,
}

impl Tokens {
    /// A valid token: the last one, or a new one from a minute before that expires.
    fn get(&mut self) -> Result<String, Box<dyn Error>> {
        if let Some((token, renew_at)) = &self.last {
            if Instant::now() < *renew_at {
                return Ok(token.clone());
            }
        }
        let answer = ask()?;
        let token = answer["access_token"].as_str().ok_or("there is no token")?.to_owned();
        let seconds = answer["expires_in"].as_u64().unwrap_or(0).saturating_sub(60);
        self.last = Some((token.clone(), Instant::now() + Duration::from_secs(seconds)));
        Ok(token)
    }
}

/// Asks for a token, and again if the server is busy.
fn ask() -> Result<serde_json::Value, Box<dyn Error>> {
    let http = reqwest::blocking::Client::new();
    let mut attempt = 1;
    loop {
        ${proof.setup}
        let answer = http
            .post(${quoted(target.tokenUrl)})
            .form(&[
${[...form, ...proof.form].map((pair) => `                ${pair},`).join('\n')}
            ])
            .send()?;
        if attempt == 4 || ![429, 503].contains(&answer.status().as_u16()) {
            return Ok(answer.error_for_status()?.json()?);
        }
        attempt += 1;
        let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        sleep(Duration::from_secs(wait.unwrap_or(1)));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", Tokens::default().get()?);
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
  readonly setup: string
  readonly form: readonly string[]
}

function proofOf({ proof }: Target): Parts | undefined {
  if (proof.kind === 'secret')
    return {
      setup: `let secret = std::env::var("${SECRET_VARIABLE}")?;`,
      form: ['("client_secret", secret.as_str())'],
    }
  if (proof.kind === 'token-file')
    return {
      setup: `let assertion = std::fs::read_to_string(${quoted(proof.path)})?;`,
      form: [`("client_assertion_type", ${quoted(ASSERTION_TYPE)})`, '("client_assertion", assertion.trim())'],
    }
  return undefined
}
