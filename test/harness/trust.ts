import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inject } from 'vitest'

// Trust the test CA process-wide, so that libraries under test verify the certificate without changes.
setDefaultCACertificates([...getCACertificates('default'), readFileSync(inject('tls').ca, 'utf8')])
