import { fieldNames } from './build.ts'

const buildLines = [
  'What is known about the build is found by itself; these say otherwise:',
  `  ${fieldNames.map((name) => `--${name}`).join(' ')} --id`,
]
const additionLines = [
  'What it made and found:',
  '  --image [name=]REPOSITORY:TAG@DIGEST   an image; the name is image without one',
  '  --test-results FILE|FOLDER             reports in JUnit’s XML, counted together',
  '  --scan FILE|FOLDER                     reports of Trivy or Grype as JSON, or SARIF',
  '  --sbom FILE|URL|FILE=URL               a bill of materials, CycloneDX or SPDX',
  '  --link name=URL                        a page',
  '  --field name=value …                   the fields of one item of any kind',
  '  --envFile FILE                         a manifest that the artifact brings itself',
  '  --var name=value                       a variable for manifests; --context is the same',
]

const texts: Readonly<Record<string, readonly string[]>> = {
  create: [
    'gimlet artifact create [-o FILE]',
    '  print the artifact of this build, or write it to a file',
    '',
    ...buildLines,
    '',
    ...additionLines,
  ],
  add: [
    'gimlet artifact add -f FILE …',
    '  put more into the file of an artifact',
    '',
    ...additionLines,
  ],
  push: [
    'gimlet artifact push [-f FILE] [--wait | --wait=healthy | --no-wait] [--timeout 10m] [--dry-run]',
    '  post the artifact of this build, or of a file; - reads standard input',
    '',
    '  --wait          until its releases are committed, held or denied',
    '  --wait=healthy  until the cluster runs them',
    '  --no-wait       do not even ask what the policies say',
    '  --dry-run       show what is known about the build, and post nothing',
    '',
    ...buildLines,
    '',
    ...additionLines,
  ],
}

/** The help of `artifact create`, `add` or `push`. */
export const artifactHelp = (word: string): string => texts[word]?.join('\n') ?? ''
