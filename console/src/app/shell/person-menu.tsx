import { Menu, useMantineColorScheme } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { csrfToken } from '../../api/client.ts'
import { sessionQuery } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import classes from './person-menu.module.css'

const SCHEMES = ['light', 'dark', 'auto'] as const

/** The person who is signed in, the theme, and the way out. */
export function PersonMenu() {
  const { data: session } = useSuspenseQuery(sessionQuery)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const signOut = useRef<HTMLFormElement>(null)
  const name = session.display_name ?? session.name
  return (
    <div>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <button type="button" className={classes['person']} aria-label={shell.you(name)}>
            <Icon name="person" />
            <span>{name}</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {name} · {session.roles.join(', ')}
          </Menu.Label>
          <Menu.Item component="a" href="/account">
            {shell.account}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Label>{shell.theme}</Menu.Label>
          {SCHEMES.map((scheme) => (
            <Menu.Item
              key={scheme}
              role="menuitemradio"
              aria-checked={colorScheme === scheme}
              onClick={() => setColorScheme(scheme)}
              rightSection={colorScheme === scheme && <Icon name="check" size={14} />}
            >
              {shell[scheme]}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => signOut.current?.submit()}>{shell.signOut}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <form ref={signOut} method="post" action="/sign-out" hidden>
        <input type="hidden" name="csrf" value={csrfToken} />
      </form>
    </div>
  )
}
