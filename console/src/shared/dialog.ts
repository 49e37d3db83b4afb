import { useNavigate, useSearch } from '@tanstack/react-router'

interface Dialog {
  readonly isOpen: boolean
  /** The thing that the dialog is about; empty for none. */
  readonly about: string
  readonly open: (about?: string) => void
  readonly close: () => void
}

/** A dialog that has its place in the address, as `dialog=rotate:first`, so that a link leads to it. @param name without a colon */
export function useDialog(name: string): Dialog {
  const { dialog = '' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const [present = '', ...about] = dialog.split(':')
  const show = (next: string | undefined, replace: boolean) =>
    void navigate({ to: '.', search: (before) => ({ ...before, dialog: next }), replace, resetScroll: false })
  return {
    isOpen: present === name,
    about: about.join(':'),
    open: (thing = '') => show(thing === '' ? name : `${name}:${thing}`, false),
    close: () => show(undefined, true),
  }
}
