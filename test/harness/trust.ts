import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inject } from 'vitest'

// Trust the test CA process-wide, so that libraries under test verify the certificate without changes. A process that
// ran another file does so already, and setting the authorities is slow.
const trusted = getCACertificates('default')
const authority = readFileSync(inject('tls').ca, 'utf8')
if (!trusted.some((one) => one.trim() === authority.trim())) setDefaultCACertificates([...trusted, authority])
