import { Button, Group, Modal, Stack } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Code } from './code.tsx'
import { Icon } from './icon.tsx'
import classes from './secret-once.module.css'

interface Texts {
  readonly title: string
  readonly lead: string
  /** The word on the button that ends the showing. */
  readonly kept: string
  readonly leaveTitle: string
  readonly leaveLead: string
  readonly stay: string
  readonly leave: string
}

interface Props {
  /** Each thing by its name, such as `the link`. */
  readonly things: readonly (readonly [name: string, value: string])[]
  readonly texts: Texts
  /** Ways to keep it. */
  readonly ways: React.ReactNode
  /** Called once the person says that it is kept. The parent then drops it. */
  readonly onKept: () => void
  /** Shown between the thing and the button. */
  readonly children?: React.ReactNode
}

/**
 * Things that are shown once. Until the person says that it is kept, leaving asks first, in the page and in the browser.
 * They are in memory alone: never in the address, and in no storage.
 */
export function ShownOnce({ things, texts, ways, onKept, children }: Props) {
  const isKept = useRef(false)
  const place = useRef<HTMLElement>(null)
  // The form that had the focus is gone.
  useEffect(() => place.current?.focus(), [])
  const blocker = useBlocker({
    shouldBlockFn: () => !isKept.current,
    enableBeforeUnload: () => !isKept.current,
    withResolver: true,
  })
  return (
    <Stack gap="md">
      <section ref={place} tabIndex={-1} className={classes['secret']} aria-label={texts.title}>
        <p className={classes['lead']}>
          <strong>
            <Icon name="key" /> {texts.title}
          </strong>
          <span>{texts.lead}</span>
        </p>
        {things.map(([name, value]) => (
          <Code key={name} of={name} wraps>
            {value}
          </Code>
        ))}
        <Group gap="xs">{ways}</Group>
      </section>
      {children}
      <Group justify="flex-end">
        <Button
          onClick={() => {
            isKept.current = true
            onKept()
          }}
        >
          {texts.kept}
        </Button>
      </Group>
      <Modal
        opened={blocker.status === 'blocked'}
        onClose={() => blocker.reset?.()}
        title={texts.leaveTitle}
        withCloseButton={false}
        // The Escape that opens it would close it as well.
        closeOnEscape={false}
      >
        <Stack>
          <p className={classes['text']}>{texts.leaveLead}</p>
          <Group justify="flex-end">
            <Button variant="default" color="brick" onClick={() => blocker.proceed?.()}>
              {texts.leave}
            </Button>
            <Button data-autofocus onClick={() => blocker.reset?.()}>
              {texts.stay}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Stack>
  )
}
