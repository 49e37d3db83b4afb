import { Page } from '../../shared/page.tsx'
import { places } from '../../texts/places.ts'

/** Requests, tokens and federated credentials, tried out. */
export const LabPage = () => <Page title={places.lab}>{null}</Page>
