import { CopyButton } from '../../../shared/copy.tsx'
import { ShownOnce } from '../../../shared/shown-once.tsx'
import { administrators as t } from '../../../texts/administrators.ts'

interface Props {
  readonly name: string
  readonly link: string
  readonly onKept: () => void
}

/** The link with which a person sets a password. The server shows it once. */
export const LinkOnce = ({ name, link, onKept }: Props) => (
  <ShownOnce
    things={[[t.link, link]]}
    texts={{ ...t, title: t.linkTitle(name), lead: t.linkLead, kept: t.linkKept }}
    ways={<CopyButton value={link}>{t.copyLink}</CopyButton>}
    onKept={onKept}
  />
)
