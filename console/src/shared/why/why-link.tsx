import { Link } from '@tanstack/react-router'
import { why as t } from '../../texts/why.ts'

/** A link that opens the explanation of a request above the present page. */
export const WhyLink = ({ request, children = t.open }: { readonly request: string; readonly children?: string }) => (
  <Link
    to="."
    search={(before) => ({ ...before, why: request })}
    resetScroll={false}
    aria-label={children === t.open ? t.openFor(request) : undefined}
  >
    {children}
  </Link>
)
