import { ASSERTION_TYPE, fields, quoted, SECRET_VARIABLE, type Target, type Writer } from './target.ts'

/** A text as a literal of Ruby, which fills in the parts of a text that begin with a hash. */
const literal = (text: string): string => quoted(text).replaceAll('#', '\\#')

/** Ruby without a gem. */
export const ruby: Writer = (target) => {
  const proof = proofOf(target)
  if (proof === undefined) return undefined
  const form = [
    ...[...fields(target), ['client_id', target.clientId] as const].map(
      ([name, value]) => [name, literal(value)] as const,
    ),
    ...proof,
  ]
  const text = `require "json"
require "net/http"

class Tokens
  def initialize
    @lock = Mutex.new
    @renew_at = 0
  end

  # A valid token: the last one, or a new one from a minute before that expires.
  def get
    @lock.synchronize do
      if now >= @renew_at
        answer = ask
        @token = answer["access_token"]
        @renew_at = now + answer["expires_in"] - 60
      end
      @token
    end
  end

  private

  # Asks for a token, and again if the server is busy.
  def ask
    1.step do |attempt|
      answer = Net::HTTP.post_form(
        URI(${literal(target.tokenUrl)}),
${form.map(([name, value]) => `        ${quoted(name)} => ${value},`).join('\n')}
      )
      return JSON.parse(answer.body) if answer.is_a?(Net::HTTPOK)
      raise answer.body unless attempt < 4 && %w[429 503].include?(answer.code)
      sleep Integer(answer["Retry-After"] || 1)
    end
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

puts Tokens.new.get`
  return { id: 'ruby', title: 'Ruby', file: 'get_token.rb', text }
}

function proofOf({ proof }: Target): readonly (readonly [string, string])[] | undefined {
  if (proof.kind === 'secret') return [['client_secret', `ENV.fetch("${SECRET_VARIABLE}")`]]
  if (proof.kind === 'token-file')
    return [
      ['client_assertion_type', quoted(ASSERTION_TYPE)],
      ['client_assertion', `File.read(${literal(proof.path)}).strip`],
    ]
  return undefined
}
