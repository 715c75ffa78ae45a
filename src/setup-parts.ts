import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, open, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { readConfig, type SetupConfig } from './config.ts'
import { convert, type NewApp } from './ingress/github/conversion.ts'
import type { Making, SetupPorts } from './ingress/http/setup.ts'
import type { AppManifest } from './ingress/http/setup-page.ts'
import type { Logger } from './logger.ts'

/** GitHub takes no longer name. */
const nameCharsMax = 34

type Given = SetupConfig & { readonly dataDir: string; readonly log: Logger }

/** What the set-up page asks GitHub for, and the file that it leaves for the next start. */
export function setupParts({ website, apiUrl, publicUrl, dataDir, log }: Given): SetupPorts {
  const file = resolve(join(dataDir, 'github.yaml'))
  return {
    ...{ website, publicUrl, manifest: manifestOf },
    isMade: () => existsSync(file),
    async make(code): Promise<Making> {
      // Asked before the code is used up, and again by the file system afterwards.
      if (existsSync(file)) return { kind: 'made before' }
      const app = await convert(apiUrl, code)
      if ('problem' in app) return notConverted(app.problem)
      const text = settingsOf(app)
      if ('problems' in readConfig({}, null, text)) return notConverted('Its keys cannot be used')
      try {
        if (!(await keep(file, text))) return { kind: 'made before' }
      } catch (error) {
        log.error({ err: error, file }, 'the keys of the new GitHub App could not be written')
        return { kind: 'not kept', problem: 'Writing github.yaml did not work; the log says why' }
      }
      log.info({ appId: app.id, file }, 'the GitHub App is made; start the server again')
      return { kind: 'made', page: pageOf(app, website) }
    },
  }
}

const notConverted = (problem: string) => ({ kind: 'not converted', problem }) as const

/** `app.yml` is the one list of permissions and events; the rest is this server's. */
async function manifestOf({ publicUrl, organization }: Parameters<SetupPorts['manifest']>[0]) {
  const shipped = fileURLToPath(new URL('../app.yml', import.meta.url))
  const app: AppManifest = parse(await readFile(shipped, 'utf8'))
  return {
    ...app,
    // Names are taken once in all of GitHub.
    name: [app.name, organization ?? ''].join(' ').slice(0, nameCharsMax).trim(),
    hook_attributes: { url: `${publicUrl}/api/github/webhooks`, active: true },
    redirect_url: `${publicUrl}/setup/done`,
  }
}

const settingsOf = ({ id, pem, webhook_secret }: NewApp): string =>
  stringify({ APP_ID: String(id), PRIVATE_KEY: pem, WEBHOOK_SECRET: webhook_secret })

/** Writes the file whole or not at all; answers false when there is one, which stays as it is. */
async function keep(file: string, text: string): Promise<boolean> {
  const temporary = `${file}.${randomUUID()}`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // A rename would replace what is there.
    await link(temporary, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The app's page, when it is one of that GitHub and nobody else's. */
function pageOf({ html_url }: NewApp, website: string): string | null {
  if (!URL.canParse(html_url)) return null
  const { origin, pathname } = new URL(html_url)
  return origin === new URL(website).origin ? origin + pathname.replace(/\/$/, '') : null
}
