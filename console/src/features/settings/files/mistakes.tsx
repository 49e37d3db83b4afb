import { MistakeList } from '../../../shared/mistake-list.tsx'
import { Section } from '../../../shared/page.tsx'
import { settings } from '../../../texts/settings.ts'

const t = settings.files

/** The mistakes for which the files are not in force. */
export const Mistakes = ({ mistakes }: { readonly mistakes: readonly string[] }) => (
  <Section title={t.mistakes(mistakes.length)} lead={t.mistakesLead}>
    <MistakeList mistakes={mistakes} />
  </Section>
)
