{{- define "tessera.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "tessera.fullname" -}}
{{- $name := include "tessera.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tessera.selector" -}}
app.kubernetes.io/name: {{ include "tessera.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tessera.labels" -}}
{{ include "tessera.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tessera.image" -}}
{{- $image := required "image.repository: name the registry and the image, such as registry.example.com/tessera" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $image .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "tessera.isSqlite" -}}
{{- if eq .Values.database.kind "sqlite" }}yes{{ end -}}
{{- end -}}

{{- /* The manifest is mounted from a ConfigMap. */ -}}
{{- define "tessera.manifestConfigMap" -}}
{{- if .Values.manifest.configMap -}}
{{- .Values.manifest.configMap -}}
{{- else if .Values.manifest.files -}}
{{- include "tessera.fullname" . }}-manifest
{{- end -}}
{{- end -}}

{{- /* The options of tessera.yaml: those of the values, and those that the chart sets. */ -}}
{{- define "tessera.options" -}}
{{- $folder := "/etc/tessera/credentials" -}}
{{- $set := dict
  "master_key_file" (printf "%s/master-key" $folder)
  "runtime" (dict "host" .Values.listen "port" 9031)
  "admin" (dict "host" .Values.listen "port" 9999)
  "tls" (dict "cert" (printf "%s/tls.crt" $folder) "key" (printf "%s/tls.key" $folder) "watch" "on")
-}}
{{- if .Values.masterKey.previousKey }}{{ $_ := set $set "previous_master_key_file" (printf "%s/previous-master-key" $folder) }}{{ end -}}
{{- if .Values.tls.clientCa.secret }}{{ $_ := set $set.tls "client_ca" (printf "%s/client-ca.crt" $folder) }}{{ end -}}
{{- if include "tessera.isSqlite" . }}{{ $_ := set $set "storage" "sqlite:/var/lib/tessera/tessera.db" -}}
{{- else if .Values.database.url }}{{ $_ := set $set "storage" .Values.database.url }}{{ end -}}
{{- if .Values.database.password.secret }}{{ $_ := set $set "storage_password_file" (printf "%s/database-password" $folder) }}{{ end -}}
{{- if include "tessera.manifestConfigMap" . }}{{ $_ := set $set "manifest" (list "/etc/tessera/manifest") }}{{ end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $set) -}}
{{- end -}}

{{- /* A key of a Secret, as a file among the credentials. */ -}}
{{- define "tessera.credential" -}}
- secret:
    name: {{ .from.secret }}
    items:
      - { key: {{ .from.key | quote }}, path: {{ .path }} }
{{- end -}}

{{- define "tessera.credentials" -}}
projected:
  # The server refuses a secret that others can read. Its group owns the files (fsGroup).
  defaultMode: 0440
  sources:
    - secret:
        name: {{ .Values.tls.secret }}
        items:
          - { key: tls.crt, path: tls.crt }
          - { key: tls.key, path: tls.key }
{{- with .Values.masterKey }}
    {{- include "tessera.credential" (dict "from" . "path" "master-key") | nindent 4 }}
  {{- if .previousKey }}
    {{- include "tessera.credential" (dict "from" (dict "secret" .secret "key" .previousKey) "path" "previous-master-key") | nindent 4 }}
  {{- end }}
{{- end }}
{{- range $path, $from := dict "client-ca.crt" .Values.tls.clientCa "database-password" .Values.database.password "database-ca.crt" .Values.database.ca }}
  {{- if $from.secret }}
    {{- include "tessera.credential" (dict "from" $from "path" $path) | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* The restricted Pod Security Standard. */ -}}
{{- define "tessera.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "tessera.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
