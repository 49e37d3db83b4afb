import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useMay } from '../../api/me.ts'
import { type Shortcut, useShortcuts } from '../../shared/shortcuts.ts'
import { shell } from '../../texts/shell.ts'
import { placeGroups } from '../places.ts'
import { openSearch } from './search-opening.ts'

const ShortcutList = lazy(() => import('./shortcut-list.tsx').then((module) => ({ default: module.ShortcutList })))

/** The shortcuts of every page, and the list that `?` shows. */
export function ShortcutHelp() {
  const [isOpen, setOpen] = useState(false)
  const navigate = useNavigate()
  const may = useMay()
  const shortcuts: readonly Shortcut[] = [
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
  ]
  useShortcuts(shortcuts)
  return <Suspense>{isOpen && <ShortcutList shortcuts={shortcuts} onClose={() => setOpen(false)} />}</Suspense>
}
