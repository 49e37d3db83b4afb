import { useId } from 'react'
import classes from './proof.module.css'

interface Choice<Value> {
  readonly value: Value
  readonly name: string
  readonly about: string
  /** A word beside the name, such as `Recommended`. */
  readonly mark?: string | undefined
}

interface Props<Value> {
  readonly legend: string
  readonly choices: readonly Choice<Value>[]
  readonly value: Value | undefined
  readonly onChange: (value: Value) => void
  readonly inColumns?: boolean
  /** Shown below the chosen one. */
  readonly children?: React.ReactNode
}

/** One of several things, each with a line that says when to choose it. */
export function Choices<Value extends string>({ legend, choices, value, onChange, inColumns, children }: Props<Value>) {
  const group = useId()
  return (
    <div
      role="radiogroup"
      aria-label={legend}
      className={`${classes['choices']} ${inColumns ? classes['columns'] : ''}`}
    >
      {choices.map((one) => (
        <div key={one.value} className={classes['choice']}>
          <label className={classes['pick']}>
            <input type="radio" name={group} checked={one.value === value} onChange={() => onChange(one.value)} />
            <span>
              <span className={classes['name']}>
                {one.name}
                {one.mark !== undefined && <small>{one.mark}</small>}
              </span>
              <span className={classes['about']}>{one.about}</span>
            </span>
          </label>
          {one.value === value && children !== undefined && <div className={classes['inside']}>{children}</div>}
        </div>
      ))}
    </div>
  )
}
