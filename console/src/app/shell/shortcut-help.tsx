import { Modal } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Fragment, useMemo, useState } from 'react'
import { useMay } from '../../api/me.ts'
import { type Shortcut, useShortcuts } from '../../shared/shortcuts.ts'
import { shell } from '../../texts/shell.ts'
import { placeGroups } from '../places.ts'
import { openSearch } from './search-opening.ts'
import classes from './shortcut-help.module.css'

/** The shortcuts of every page, and the list that `?` shows. */
export function ShortcutHelp() {
  const [isOpen, setOpen] = useState(false)
  const navigate = useNavigate()
  const may = useMay()
  const shortcuts = useMemo(
    (): readonly Shortcut[] => [
      { keys: ['/'], text: shell.shortcutSearch, run: openSearch },
      { keys: ['?'], text: shell.shortcutHelp, run: () => setOpen(true) },
      ...placeGroups
        .flat()
        .filter((place) => may(place.permission, 'anything'))
        .map(
          ({ key, title, to }): Shortcut => ({
            keys: ['g', key],
            text: shell.shortcutGo(title),
            run: () => void navigate({ to }),
          }),
        ),
    ],
    [navigate, may],
  )
  useShortcuts(shortcuts)
  return (
    <Modal opened={isOpen} onClose={() => setOpen(false)} title={shell.shortcuts}>
      <dl className={classes['shortcuts']}>
        {shortcuts.map(({ keys: [first, second], text }) => (
          <Fragment key={text}>
            <dt>{text}</dt>
            <dd>
              <kbd>{first}</kbd>
              {second !== undefined && (
                <>
                  {` ${shell.and} `}
                  <kbd>{second}</kbd>
                </>
              )}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Modal>
  )
}
