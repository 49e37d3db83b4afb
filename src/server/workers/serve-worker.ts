import { LRUCache } from 'lru-cache'
import type { AuditSink } from '../../audit/sink.ts'
import type { Attempt, Guesses } from '../../client-auth/throttle/guesses.ts'
import { TooManyGuesses } from '../../client-auth/throttle/too-many-guesses.ts'
import type { Channel, FromPrimary, FromWorker, Wait } from './channel.ts'

/** The most open attempts of one worker. An attempt with a wrong secret is never closed. */
const MOST_OPEN = 10_000

interface SharedParts {
  readonly audit: AuditSink
  readonly guesses: Guesses
}

/** Answers the messages of a worker to the primary. */
export function serveWorker(channel: Channel<FromPrimary, FromWorker>, { audit, guesses }: SharedParts): void {
  const open = new LRUCache<number, Attempt>({ max: MOST_OPEN })
  channel.onMessage((message) => {
    switch (message.kind) {
      case 'events':
        for (const event of message.events) audit.record(event)
        channel.send({
          kind: 'taken',
          count: message.events.length,
          isFull: audit.isFull,
          isFullForRefusals: audit.isFullForRefusals,
        })
        break
      case 'guess': {
        const { id, guess } = message
        judge(() => guesses.begin(guess)).then(
          (attempt) => {
            open.set(id, attempt)
            channel.send({ kind: 'verdict', id, standing: attempt.standing })
          },
          (wait: Wait) => channel.send({ kind: 'verdict', id, wait }),
        )
        break
      }
      case 'concluded guess': {
        const { id, guess, isRight } = message
        judge(() => guesses.conclude(guess, isRight)).then(
          () => channel.send({ kind: 'verdict', id }),
          (wait: Wait) => channel.send({ kind: 'verdict', id, wait }),
        )
        break
      }
      case 'guessed right':
      case 'turned away': {
        const attempt = open.get(message.id)
        open.delete(message.id)
        if (message.kind === 'guessed right') attempt?.succeeded()
        else attempt?.turnedAway()
        break
      }
      case 'measured':
      case 'condition':
      case 'starting':
      case 'reloaded':
      case 'ready':
      case 'alive':
      case 'failed':
        break
      default:
        message satisfies never
    }
  })
}

/** @throws Wait if the attempt must wait */
async function judge<Outcome>(ask: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await ask()
  } catch (error) {
    // A defect makes the attempt wait as well, so that no guess goes uncounted.
    const isExpected = error instanceof TooManyGuesses
    throw {
      detail: isExpected ? error.detail : {},
      retryAfter: (isExpected ? error.retryAfter : undefined) ?? 1,
    } satisfies Wait
  }
}
