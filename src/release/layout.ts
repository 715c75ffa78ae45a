/** The folder of an app in an environment: the contract's `env/app` layout. */
export const folderOf = ({ env, app }: { env: string; app: string }): string => `${env}/${app}`

/** The file that tells, in each folder, which release stands there. */
export const releaseFile = 'release.json'
