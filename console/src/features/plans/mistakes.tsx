import { Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { plans as t } from '../../texts/plans.ts'
import classes from './plans.module.css'

/** A mistake of a manifest: `file:line:column: what is wrong`. */
const PLACE = /^(.+?):(\d+):(\d+): (.*)$/s

/** The mistakes of a manifest, each with its file, line and column. */
export function Mistakes({ error }: { readonly error: unknown }) {
  if (!(error instanceof Problem)) return <Failure error={error} />
  const lines = [...error.errors.map(({ detail }) => detail), ...error.detail.split('\n')]
  const mistakes = lines.map((line) => PLACE.exec(line)).filter((one) => one !== null)
  if (mistakes.length === 0) return <Failure error={error} />
  return (
    <section className={classes['mistakes']} role="alert" aria-label={t.mistakes}>
      <h2>{t.mistakes}</h2>
      <ol>
        {mistakes.map(([whole, file, line, column, text]) => (
          <li key={whole}>
            <code>
              {file}:{line}:{column}
            </code>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
