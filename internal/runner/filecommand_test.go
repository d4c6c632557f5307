package runner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePairs(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		want    []pair
		wantErr string
	}{
		{name: "nothing"},
		{name: "name and value", text: "a=b\n", want: []pair{{"a", "b"}}},
		{name: "the last line needs no line feed", text: "a=b", want: []pair{{"a", "b"}}},
		{name: "empty lines count for nothing", text: "\n\na=b\n\n", want: []pair{{"a", "b"}}},
		{name: "a value may hold the signs", text: "a=b=c<<d\n", want: []pair{{"a", "b=c<<d"}}},
		{name: "a carriage return belongs to the value", text: "a=b\r\n", want: []pair{{"a", "b\r"}}},
		{name: "an empty name is kept", text: "=b\n", want: []pair{{"", "b"}}},
		{name: "several lines", text: "a<<E\nb\n\nc\nE\nd=e\n", want: []pair{{"a", "b\n\nc"}, {"d", "e"}}},
		{name: "no lines", text: "a<<E\nE\n", want: []pair{{"a", ""}}},
		{name: "one empty line", text: "a<<E\n\nE\n", want: []pair{{"a", ""}}},
		{name: "the delimiter ends the file", text: "a<<E\nb\nE", want: []pair{{"a", "b"}}},
		{name: "a longer line is not the delimiter", text: "a<<E\nE \nE\n", want: []pair{{"a", "E "}}},
		{
			name: "a value that holds its delimiter sets another name", text: "a<<E\nb\nE\nresult=pass\nE\n",
			want: []pair{{"a", "b"}, {"result", "pass"}}, wantErr: `neither name=value nor name<<delimiter: "E"`,
		},
		{name: "no delimiter in the file", text: "x=y\na<<E\nb\n", want: []pair{{"x", "y"}}, wantErr: `the delimiter "E" is not found`},
		{name: "no line feed before the end", text: "a<<E\nb", wantErr: "has no line feed"},
		{name: "no delimiter in the line", text: "a<<\nb\n", wantErr: "a name and a delimiter are needed"},
		{name: "no name before the delimiter", text: "<<E\nb\nE\n", wantErr: "a name and a delimiter are needed"},
		{name: "a line of another form", text: "oops\n", wantErr: `neither name=value nor name<<delimiter: "oops"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parsePairs(tt.text)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(pair{})); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if message := text(err); (message == "") != (tt.wantErr == "") || !strings.Contains(message, tt.wantErr) {
				t.Errorf("error %q, want one with %q", message, tt.wantErr)
			}
		})
	}
}

func TestFileCommand(t *testing.T) {
	tests := []struct {
		name, command, text string
		want                Result
	}{
		{"outputs", "output", "result=fail\n", Result{Outputs: map[string]string{"result": "fail"}}},
		{"state", "state", "a=b\n", Result{State: map[string]string{"a": "b"}}},
		{"paths", "path", "/a\n\n/b\n", Result{Paths: []string{"/a", "/b"}}},
		{
			"a variable that is refused", "env", "a=b\nnode_options=x\n",
			Result{Env: map[string]string{"a": "b"}, Errors: []string{"Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."}},
		},
		{"a summary with a secret", "step_summary", "# hush\n", Result{Summary: "# ***\n", SummaryBytes: 7}},
		{
			"a summary of the greatest size", "step_summary", strings.Repeat("x", maxSummary),
			Result{Summary: strings.Repeat("x", maxSummary), SummaryBytes: maxSummary},
		},
		{
			"a summary over it is dropped whole", "step_summary", strings.Repeat("x", maxSummary+1),
			Result{SummaryBytes: maxSummary + 1, Errors: []string{"$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1024k."}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newListener(nil, []string{"hush"})
			if err := l.fileCommand(tt.command, tt.text); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, *l.result, ignoreEmpty); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// text returns an error's text, or none for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
