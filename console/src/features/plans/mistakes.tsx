import { Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { hasPlace, MistakeList } from '../../shared/mistake-list.tsx'
import { plans as t } from '../../texts/plans.ts'
import classes from './plans.module.css'

/** The mistakes of a manifest that could not be planned, or any other error. */
export function Mistakes({ error }: { readonly error: unknown }) {
  const mistakes =
    error instanceof Problem
      ? [...error.errors.map(({ detail }) => detail), ...error.detail.split('\n')].filter(hasPlace)
      : []
  if (mistakes.length === 0) return <Failure error={error} />
  return (
    <section className={classes['mistakes']} role="alert" aria-label={t.mistakes}>
      <h2>{t.mistakes}</h2>
      <MistakeList mistakes={mistakes} />
    </section>
  )
}
