package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxSummary is CreateStepSummaryCommand.AttachmentSizeLimit, in bytes. A longer
// summary is not uploaded at all.
const maxSummary = 1024 * 1024

// fileCommands are the files that a step may write to, by the name of their
// variable, in the order in which the runner reads them.
var fileCommands = [...]struct{ name, prefix string }{
	{"path", "add_path_"},
	{"env", "set_env_"},
	{"step_summary", "step_summary_"},
	{"state", "save_state_"},
	{"output", "set_output_"},
}

// pair is a name and a value of a file command.
type pair struct{ name, value string }

// parsePairs reads name=value and name<<DELIMITER lines
// (FileCommandManager.EnvFileKeyValuePairs). With an error come the pairs before
// it: the runner has used them already.
func parsePairs(text string) ([]pair, error) {
	var pairs []pair
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case line == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			pairs = append(pairs, pair{line[:equals], line[equals+1:]})
		case heredoc >= 0:
			p := pair{name: line[:heredoc]}
			delimiter := line[heredoc+2:]
			if p.name == "" || delimiter == "" {
				return pairs, fmt.Errorf("a name and a delimiter are needed in %q", line)
			}
			var err error
			if p.value, text, err = parseHeredoc(text, delimiter); err != nil {
				return pairs, err
			}
			pairs = append(pairs, p)
		default:
			return pairs, fmt.Errorf("neither name=value nor name<<delimiter: %q", line)
		}
	}
	return pairs, nil
}

// parseHeredoc takes the lines up to one that is the delimiter and nothing else.
// The line feed before it does not belong to the value.
func parseHeredoc(text, delimiter string) (value, rest string, err error) {
	rest = text
	for rest != "" {
		end := len(text) - len(rest) // where this line starts
		line, after, ended := strings.Cut(rest, "\n")
		if line == delimiter {
			return strings.TrimSuffix(text[:end], "\n"), after, nil
		}
		if !ended {
			return "", "", fmt.Errorf("the last line of the value has no line feed and is not the delimiter %q", delimiter)
		}
		rest = after
	}
	return "", "", fmt.Errorf("the delimiter %q is not found", delimiter)
}

// parsePaths reads one path a line.
func parsePaths(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })
}

// readFileCommands takes what the step left in its files, and reports whether
// all of it could be used.
func readFileCommands(j *job, l *listener) (ok bool) {
	ok = true
	for _, c := range fileCommands {
		data, err := os.ReadFile(filepath.Join(j.commands, c.prefix+j.suffix))
		if err == nil {
			err = l.fileCommand(c.name, string(data))
		}
		if err != nil {
			l.error(fmt.Sprintf("Unable to process file command '%s' successfully.", c.name))
			l.error(err.Error())
			ok = false
		}
	}
	return ok
}

func (l *listener) fileCommand(name, text string) error {
	switch name {
	case "path":
		l.result.Paths = parsePaths(text)
		return nil
	case "step_summary":
		l.summary(text)
		return nil
	}
	values := map[string]map[string]string{"env": l.result.Env, "state": l.result.State, "output": l.result.Outputs}[name]
	pairs, err := parsePairs(text)
	for _, p := range pairs {
		if name == "env" && strings.EqualFold(p.name, "NODE_OPTIONS") {
			l.error("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
			continue
		}
		values[p.name] = p.value
	}
	return err
}

// summary keeps the job summary. Too long a one is an error that does not fail the step.
func (l *listener) summary(text string) {
	l.result.SummaryBytes = len(text)
	if len(text) > maxSummary {
		l.error(fmt.Sprintf("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of %dk, got %dk.",
			maxSummary/1024, len(text)/1024))
		return
	}
	l.result.Summary = l.masked(text)
}
