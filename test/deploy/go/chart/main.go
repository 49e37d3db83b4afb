// Command chart renders the Helm chart with several sets of values, and checks the result.
//
// Standard input is a JSON object: the texts of values files by the name of their case. Standard output has, by the same names, the
// findings of `helm lint`, the files that Helm renders, and the mistakes that Kubernetes would find in them. Usage: chart FOLDER
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	security "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// result is the outcome of one case. Error is why Helm refuses the values; the rest is empty then.
type result struct {
	Error    string            `json:"error,omitempty"`
	Lint     []string          `json:"lint"`
	Files    map[string]string `json:"files"`
	Mistakes []string          `json:"mistakes"`
}

func main() {
	log.SetOutput(io.Discard)
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(folder string, input io.Reader, output io.Writer) error {
	var cases map[string]string
	if err := json.NewDecoder(input).Decode(&cases); err != nil {
		return err
	}
	check, err := newChecker()
	if err != nil {
		return err
	}
	results := map[string]result{}
	for name, text := range cases {
		values, err := chartutil.ReadValues([]byte(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		loaded, err := loader.Load(folder)
		if err != nil {
			return err
		}
		results[name] = examine(folder, loaded, values, check)
	}
	return json.NewEncoder(output).Encode(results)
}

func examine(folder string, loaded *chart.Chart, values chartutil.Values, check *checker) result {
	rendered, err := render(loaded, values)
	if err != nil {
		return result{Error: err.Error()}
	}
	found := result{Lint: []string{}, Files: map[string]string{}, Mistakes: []string{}}
	for _, message := range lint.All(folder, values, "default", true).Messages {
		if message.Severity > support.InfoSev {
			found.Lint = append(found.Lint, message.Error())
		}
	}
	for file, content := range rendered {
		name := path.Base(file)
		if strings.HasPrefix(name, "_") || strings.TrimSpace(content) == "" {
			continue
		}
		found.Files[name] = content
		if strings.HasSuffix(name, ".yaml") {
			found.Mistakes = append(found.Mistakes, check.file(name, content)...)
		}
	}
	return found
}

// render does what `helm template` does.
func render(loaded *chart.Chart, values chartutil.Values) (map[string]string, error) {
	release := chartutil.ReleaseOptions{Name: "tessera", Namespace: "default", IsInstall: true, Revision: 1}
	all, err := chartutil.ToRenderValues(loaded, values, release, nil)
	if err != nil {
		return nil, err
	}
	return engine.Render(loaded, all)
}

// checker decodes manifests as the API server does, and compares pods with the restricted Pod Security Standard.
type checker struct {
	decoder runtime.Decoder
	pods    policy.Evaluator
}

func newChecker() (*checker, error) {
	if err := monitoring.AddToScheme(scheme.Scheme); err != nil {
		return nil, err
	}
	pods, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	return &checker{decoder, pods}, err
}

func (check *checker) file(name, content string) []string {
	mistakes := []string{}
	documents := yaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(content)))
	defer documents.Close()
	buffer := make([]byte, len(content)+1)
	for {
		length, err := documents.Read(buffer)
		if err != nil {
			return mistakes
		}
		if document := buffer[:length]; len(bytes.TrimSpace(document)) > 0 {
			for _, mistake := range check.document(document) {
				mistakes = append(mistakes, name+": "+mistake)
			}
		}
	}
}

func (check *checker) document(document []byte) []string {
	object, kind, err := check.decoder.Decode(document, nil, nil)
	if err != nil {
		return []string{err.Error()}
	}
	template := podOf(object)
	if template == nil {
		return nil
	}
	restricted := security.LevelVersion{Level: security.LevelRestricted, Version: security.LatestVersion()}
	answer := policy.AggregateCheckResults(check.pods.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec))
	if answer.Allowed {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s: %s", kind.Kind, answer.ForbiddenReason(), answer.ForbiddenDetail())}
}

func podOf(object runtime.Object) *core.PodTemplateSpec {
	switch object := object.(type) {
	case *apps.Deployment:
		return &object.Spec.Template
	case *batch.Job:
		return &object.Spec.Template
	case *core.Pod:
		return &core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{}, Spec: object.Spec}
	}
	return nil
}
