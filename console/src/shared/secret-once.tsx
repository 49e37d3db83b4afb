import { Button } from '@mantine/core'
import { snippets as t } from '../texts/snippets.ts'
import { CopyButton } from './copy.tsx'
import { download } from './download.ts'
import { Icon } from './icon.tsx'
import { envFile, type KeptSecret, kubernetesSecret, objectName } from './secret-files.ts'
import { ShownOnce } from './shown-once.tsx'

interface Props extends KeptSecret {
  /** The word on the button that ends the showing; `I have kept it` by default. */
  readonly action?: string
  /** Called once the person says that the secret is kept. The parent then drops the secret. */
  readonly onKept: () => void
  /** Shown between the secret and the button, such as snippets. */
  readonly children?: React.ReactNode
}

/** A secret that was just made, with ways to keep it. */
export const SecretOnce = ({ action = t.kept, onKept, children, ...kept }: Props) => (
  <ShownOnce
    things={[[t.secret, kept.secret]]}
    texts={{ ...t, title: t.shownOnce, lead: t.shownOnceLead, kept: action }}
    onKept={onKept}
    ways={
      <>
        <CopyButton value={kept.secret}>{t.copySecret}</CopyButton>
        <Button
          variant="default"
          leftSection={<Icon name="download" />}
          onClick={() => download('.env', [envFile(kept)])}
        >
          {t.env}
        </Button>
        <Button
          variant="default"
          leftSection={<Icon name="download" />}
          onClick={() => download(`${objectName(kept.clientId)}.yaml`, [kubernetesSecret(kept)])}
        >
          {t.kubernetes}
        </Button>
      </>
    }
  >
    {children}
  </ShownOnce>
)
