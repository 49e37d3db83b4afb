import { Button, Group, Modal, Stack } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { useRef } from 'react'
import { snippets as t } from '../texts/snippets.ts'
import { Code } from './code.tsx'
import { CopyButton } from './copy.tsx'
import { download } from './download.ts'
import { Icon } from './icon.tsx'
import { envFile, type KeptSecret, kubernetesSecret, objectName } from './secret-files.ts'
import classes from './secret-once.module.css'

interface Props extends KeptSecret {
  /** The word on the button that ends the showing; `I have kept it` by default. */
  readonly action?: string
  /** Called once the person says that the secret is kept. The parent then drops the secret. */
  readonly onKept: () => void
  /** Shown between the secret and the button, such as snippets. */
  readonly children?: React.ReactNode
}

/**
 * A secret that was just made, with ways to keep it. Until the person says that it is kept, leaving asks first, in the page
 * and in the browser. The secret is in memory alone: never in the address, and in no storage.
 */
export function SecretOnce({ action = t.kept, onKept, children, ...kept }: Props) {
  const isKept = useRef(false)
  const blocker = useBlocker({
    shouldBlockFn: () => !isKept.current,
    enableBeforeUnload: () => !isKept.current,
    withResolver: true,
  })
  const isBlocked = blocker.status === 'blocked'
  return (
    <Stack gap="md">
      <section className={classes['secret']} aria-label={t.shownOnce}>
        <p className={classes['lead']}>
          <strong>
            <Icon name="key" /> {t.shownOnce}
          </strong>
          <span>{t.shownOnceLead}</span>
        </p>
        <Code of={t.secret} wraps>
          {kept.secret}
        </Code>
        <Group gap="xs">
          <CopyButton value={kept.secret}>{t.copySecret}</CopyButton>
          <Button
            variant="default"
            leftSection={<Icon name="download" />}
            onClick={() => download('.env', envFile(kept))}
          >
            {t.env}
          </Button>
          <Button
            variant="default"
            leftSection={<Icon name="download" />}
            onClick={() => download(`${objectName(kept.clientId)}.yaml`, kubernetesSecret(kept))}
          >
            {t.kubernetes}
          </Button>
        </Group>
      </section>
      {children}
      <Group justify="flex-end">
        <Button
          onClick={() => {
            isKept.current = true
            onKept()
          }}
        >
          {action}
        </Button>
      </Group>
      <Modal opened={isBlocked} onClose={() => blocker.reset?.()} title={t.leaveTitle} withCloseButton={false}>
        <Stack>
          <p className={classes['text']}>{t.leaveLead}</p>
          <Group justify="flex-end">
            <Button variant="default" color="brick" onClick={() => blocker.proceed?.()}>
              {t.leave}
            </Button>
            <Button data-autofocus onClick={() => blocker.reset?.()}>
              {t.stay}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Stack>
  )
}
