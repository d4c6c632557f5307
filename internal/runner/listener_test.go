package runner

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ignoreEmpty = cmpopts.EquateEmpty()

// testPaths are those of a job under /work.
var testPaths = []mapping{
	{"/work/demo/demo", "/github/workspace"},
	{"/work/_temp", "/github/runner_temp"},
}

func TestListen(t *testing.T) {
	tests := []struct {
		name   string
		output string
		want   Result // but for Commands
		log    string
		failed bool
	}{
		{name: "text is logged", output: "a\n\nb", log: "a\n\nb\n"},
		{
			name:   "an annotation with a place",
			output: "::warning file=a.yml,line=2,endLine=3,col=4,endColumn=5,title=T::m\n",
			want: Result{Annotations: []Annotation{{
				Type: "warning", Title: "T", Message: "m", File: "a.yml", Line: 2, EndLine: 3, Col: 4, EndCol: 5, Shown: true,
			}}},
			log: "##[warning]m\n",
		},
		{
			name:   "a path of the container's is made relative to the workspace",
			output: "::error file=/github/workspace/b/a.yml::m\n::error file=/github/runner_temp/x::m\n",
			want: Result{Annotations: []Annotation{
				{Type: "error", Message: "m", File: "b/a.yml", Shown: true},
				{Type: "error", Message: "m", File: "/work/_temp/x", Shown: true},
			}},
			log: "##[error]m\n##[error]m\n",
		},
		{
			name:   "a carriage return starts a line, and with it a command",
			output: "name\r::error::x\r\n::notice::y",
			want: Result{Annotations: []Annotation{
				{Type: "error", Message: "x", Shown: true},
				{Type: "notice", Message: "y", Shown: true},
			}},
			log: "name\n##[error]x\n##[notice]y\n",
		},
		{
			name:   "a message is cut at 4096 characters",
			output: "::error::" + strings.Repeat("é", 5000),
			want:   Result{Annotations: []Annotation{{Type: "error", Message: strings.Repeat("é", 4096), Shown: true}}},
			log:    "##[error]" + strings.Repeat("é", 5000) + "\n",
		},
		{
			name:   "commands stop until the token",
			output: "::stop-commands::t0ken\n::error::x\n##[error]x\n::T0KEN::\n::error::y\n",
			want:   Result{Annotations: []Annotation{{Type: "error", Message: "y", Shown: true}}},
			log:    "::stop-commands::t0ken\n::error::x\n##[error]x\n::T0KEN::\n##[error]y\n",
		},
		{
			name:   "a token that is a command's name is refused",
			output: "::stop-commands::error\n",
			want: Result{Errors: []string{
				"Unable to process command '::stop-commands::error' successfully.",
				`the token "error" is empty, pause-logging or a command's name`,
			}},
			log: "##[error]Unable to process command '::stop-commands::error' successfully.\n" +
				"##[error]the token \"error\" is empty, pause-logging or a command's name\n",
			failed: true,
		},
		{
			name:   "a secret is masked from then on, and so are its lines",
			output: "hush\n::add-mask::hush%0Ahush2\nhush hush2\n::error::hush\n",
			want:   Result{Annotations: []Annotation{{Type: "error", Message: "***", Shown: true}}},
			log:    "hush\n*** ***2\n##[error]***\n",
		},
		{
			name:   "an output of the older form",
			output: "::set-output name=a::b\n::save-state name=c::d\n",
			want:   Result{Outputs: map[string]string{"a": "b"}, State: map[string]string{"c": "d"}},
		},
		{
			name:   "a command that is switched off fails the step",
			output: "::set-env name=a::b\n",
			want: Result{Errors: []string{
				"Unable to process command '::set-env name=a::b' successfully.",
				"the `set-env` command is disabled; environment files do its work",
			}},
			log: "##[error]Unable to process command '::set-env name=a::b' successfully.\n" +
				"##[error]the `set-env` command is disabled; environment files do its work\n",
			failed: true,
		},
		{
			name:   "groups, and what only a debug log shows",
			output: "::group::G\n::debug::x\n::endgroup::\n",
			log:    "##[group]G\n##[endgroup]\n",
		},
		{
			name:   "commands are repeated on demand",
			output: "::echo::on\n::group::G\n::echo::off\n::set-output name=a::b\n",
			want:   Result{Outputs: map[string]string{"a": "b"}},
			log:    "::group::G\n##[group]G\n::echo::off\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newListener(testPaths, nil)
			// One byte at a time: no line may depend on how the pipe is read.
			if err := l.listen(iotest.OneByteReader(strings.NewReader(tt.output))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *l.result, ignoreEmpty, cmpopts.IgnoreFields(Result{}, "Commands")); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.log, l.log.String()); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			if l.failed != tt.failed {
				t.Errorf("failed = %t", l.failed)
			}
		})
	}
}

func TestTenAnnotationsOfATypeAreShown(t *testing.T) {
	var output strings.Builder
	for i := range 12 {
		fmt.Fprintf(&output, "::error::%d\n", i)
	}
	output.WriteString("::warning::w\n")
	var shown []string
	for _, a := range Annotations(output.String()) {
		if a.Shown {
			shown = append(shown, a.Message)
		}
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "w"}, shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
}
