import classes from './mistake-list.module.css'

/** A mistake of a manifest that has a place: `file:line:column: what is wrong`. */
const PLACE = /^(.+?):(\d+):(\d+): (.*)$/s

/** Whether a mistake says where it is. */
export const hasPlace = (mistake: string): boolean => PLACE.test(mistake)

/** Mistakes of a manifest, each with its file, line and column. */
export const MistakeList = ({ mistakes }: { readonly mistakes: readonly string[] }) => (
  <ol className={classes['mistakes']}>
    {mistakes.map((mistake) => {
      const [, file, line, column, text = mistake] = PLACE.exec(mistake) ?? []
      return (
        <li key={mistake}>
          {file !== undefined && (
            <code>
              {file}:{line}:{column}
            </code>
          )}
          <span>{text}</span>
        </li>
      )
    })}
  </ol>
)
