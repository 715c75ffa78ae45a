import { repositoryFor } from '../../../../src/charts/repositories.ts'
import { isRefusal } from '../../../../src/domain/fault.ts'
import { addressOf as pageOf } from '../../../../src/manifest/address.ts'
import { type ChartSource, chartSource } from '../../../../src/manifest/chart/chart.ts'
import { broken, type Door, same } from '../fuzz.ts'
import { refused } from './said.ts'

type Texts = { readonly repository: string; readonly name: string; readonly version: string }
const allowed = [
  'https://charts.example.com/team',
  'oci://registry.example.com/charts',
  'https://github.com/acme/',
  'ssh://git@github.com/acme',
]

/** Where a manifest says that its chart is: only what is listed is ever asked (A11). */
export const chartsDoor: Door = {
  name: 'charts',
  about: 'A11, A12, A15: addresses of charts, and of pages that objects name',
  form: 'texts',
  words: [
    'https://',
    'oci://',
    'git@',
    'ssh://git@',
    '.git?sha=',
    '&path=',
    '&tag=v1',
    '127.0.0.1',
    '[::1]',
    '0x7f.1',
    '2130706433',
    '169.254.169.254',
    'charts.example.com',
    '@evil.example.com',
    '%2e%2e/',
    '/..',
    '\\',
    '#',
    '?',
    'localhost',
    'ext::',
    '--upload-pack',
  ],
  seeds: [
    { repository: 'https://charts.example.com/team', name: 'web', version: '1.2.3' },
    { repository: 'oci://registry.example.com/charts', name: 'web', version: 'v1.2.3-rc.1+b' },
    {
      repository: '',
      name: `https://github.com/acme/charts.git?sha=${'a'.repeat(40)}&path=/charts/web/`,
      version: '',
    },
    { repository: '', name: 'git@github.com:acme/charts.git?tag=v1.2&path=web', version: '' },
    { repository: '', name: 'charts/web', version: '' },
    { repository: '', name: 'oci://registry.example.com/charts/web', version: '1.2.3' },
  ],
  take(input) {
    const fields = input as Texts
    shown(fields.repository)
    const source = chartSource(fields, new Map([['x', '../..']]))
    if (isRefusal(source)) return refused(source)
    same(chartSource(fields, new Map()), source, 'read again')
    return `${source.kind} ${guarded(source)}`
  },
}

/** What stands on a command line or is asked for: one host, as written, with nothing hidden in it. */
function guarded(source: ChartSource): string {
  if (source.kind === 'folder') {
    if (!/^[A-Za-z0-9_][\w./-]*$/.test(source.folder) || source.folder.split('/').includes('..'))
      broken(`the folder ${source.folder}`)
    return 'own'
  }
  const { url } = source
  if (!/^(?:https?|oci|ssh):\/\/[^\s'"\\#?]+$/.test(url)) broken(`the address ${url}`)
  const { hostname, username, password, protocol } = new URL(url.replace(/^oci:/, 'https:'))
  if (password !== '' || (username !== '' && protocol !== 'ssh:')) broken(`a credential in ${url}`)
  if (!url.toLowerCase().includes(`//${username === '' ? '' : `${username}@`}${hostname}`))
    broken(`${url} leads to ${hostname}`)
  if (source.kind === 'git' && !/^[\w./+-]+$/.test(source.ref.name)) broken('an odd ref')
  if (source.kind === 'git' && /\.\.|^[-/]/.test(source.path)) broken('an odd path')
  const repository = repositoryFor(
    url,
    allowed.map((one) => ({ url: one })),
  )
  if (repository === undefined) return 'nobody asked'
  const known = new URL(repository.url.replace(/^oci:/, 'https:'))
  if (known.hostname !== hostname) broken(`${hostname} is taken for ${known.hostname}`)
  return 'asked'
}

/** An address that an Ingress names is shown as a link: it must be a page (A29). */
function shown(url: string): void {
  const metadata = { annotations: { 'gimlet.io/address': url } }
  const ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata,
    spec: { rules: [{ host: url }] },
  }
  const page = pageOf([ingress])
  if (page !== null && !/^https?:\/\/[a-z0-9][a-z0-9.-]*(?::\d+)?(?:[/?#]|$)/.test(page))
    broken(`the page ${page}`)
}
