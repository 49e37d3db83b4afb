import { settings } from '../../../texts/settings.ts'
import classes from './files.module.css'

const t = settings.files

/** A mistake that has a place: `file:line:column: what is wrong`. */
const PLACE = /^(.+?):(\d+):(\d+): (.*)$/s

/** The mistakes of the files, each with its file, line and column. */
export const Mistakes = ({ mistakes }: { readonly mistakes: readonly string[] }) => (
  <section className={classes['mistakes']} aria-labelledby="mistakes">
    <h2 id="mistakes">{t.mistakes(mistakes.length)}</h2>
    <p>{t.mistakesLead}</p>
    <ol>
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
  </section>
)
