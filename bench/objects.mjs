/** The Kubernetes objects of an app as the benches write them; `more` adds to them, line by line. */
export const configMap = (app, env, more = {}) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${app}
${more.labels ?? ''}data:
  ENV: ${env}
  LOG_LEVEL: info
${more.data ?? ''}`

export const deployment = (app, image, more = {}) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${app}
${more.labels ?? ''}spec:
  replicas: 3
  selector: { matchLabels: { app: ${app} } }
  template:
    metadata: { labels: { app: ${app} } }
    spec:
      containers:
        - name: ${app}
          image: "${image}"
${more.container ?? ''}`

export const service = (app, port = 'port: 80') => `apiVersion: v1
kind: Service
metadata:
  name: ${app}
spec:
  selector: { app: ${app} }
  ports: [{ ${port} }]
`

/** The manifest from which GimletD writes a ConfigMap, a Deployment and `others`. */
export function manifestOf(app, env, others = []) {
  const image = '{{ .image.repository }}:{{ .image.tag }}'
  const objects = [configMap(app, env), deployment(app, image), ...others].join('---\n')
  return `app: ${app}\nenv: ${env}\nmanifests: |\n${objects.replaceAll(/^(?=.)/gm, '  ')}`
}
