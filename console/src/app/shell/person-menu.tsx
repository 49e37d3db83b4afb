import { useMantineColorScheme } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { presentCsrfToken } from '../../api/client.ts'
import { sessionQuery } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import classes from './person-menu.module.css'

const SCHEMES = ['light', 'dark', 'auto'] as const

/** The person who is signed in, the theme, and the way out. The browser opens and closes it (`popover`). */
export function PersonMenu() {
  const { data: session } = useSuspenseQuery(sessionQuery)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const name = session.display_name ?? session.name
  return (
    <div className={classes['place']}>
      <button type="button" className={classes['person']} popoverTarget="person" aria-label={shell.you(name)}>
        <Icon name="person" />
        <span>{name}</span>
      </button>
      <div id="person" popover="auto" className={classes['menu']}>
        <p>
          {name}
          <small>{session.roles.join(', ')}</small>
        </p>
        <a href="/account">{shell.account}</a>
        <fieldset>
          <legend>{shell.theme}</legend>
          {SCHEMES.map((scheme) => (
            <label key={scheme}>
              <input
                type="radio"
                name="theme"
                checked={colorScheme === scheme}
                onChange={() => setColorScheme(scheme)}
              />
              {shell[scheme]}
            </label>
          ))}
        </fieldset>
        <form method="post" action="/sign-out">
          <input type="hidden" name="csrf" value={presentCsrfToken()} />
          <button type="submit">{shell.signOut}</button>
        </form>
      </div>
    </div>
  )
}
