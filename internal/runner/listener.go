package runner

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// listener reads the output of a step, both streams at once, and obeys the
// commands in it.
type listener struct {
	mu     sync.Mutex
	result *Result
	log    strings.Builder
	paths  []mapping
	masks  []string
	stop   string // the token that ends stop-commands; empty when commands are obeyed
	echo   bool
	failed bool // a command failed, and with it the step
}

func newListener(paths []mapping, masks []string) *listener {
	r := &Result{Outputs: map[string]string{}, Env: map[string]string{}, State: map[string]string{}}
	return &listener{result: r, paths: paths, masks: masks}
}

// listen takes all lines of one stream.
func (l *listener) listen(r io.Reader) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 64<<20)
	s.Split(splitLines)
	for s.Scan() {
		l.line(s.Text())
	}
	return s.Err()
}

// splitLines ends a line where .NET's StreamReader.ReadLine does: at a line feed,
// a carriage return, or both.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	end := bytes.IndexAny(data, "\r\n")
	switch {
	case end < 0 && atEOF && len(data) > 0:
		return len(data), data, nil
	case end < 0:
		return 0, nil, nil
	case data[end] == '\n':
		return end + 1, data[:end], nil
	case end+1 < len(data) && data[end+1] == '\n':
		return end + 2, data[:end], nil
	case end+1 == len(data) && !atEOF: // a line feed may follow
		return 0, nil, nil
	}
	return end + 1, data[:end], nil
}

// line takes one line: a command is obeyed, and what is not a command is logged
// (ActionCommandManager.TryProcessCommand).
func (l *listener) line(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := parseCommand(s, func(name string) bool {
		return isCommand(name) || l.stop != "" && name == strings.ToLower(l.stop)
	})
	switch {
	case !ok:
		l.write(s)
	case l.stop != "":
		if c.Name == strings.ToLower(l.stop) {
			l.stop = ""
		}
		l.write(s)
	default:
		l.result.Commands = append(l.result.Commands, c)
		if err := l.obey(c, s); err != nil {
			l.error(fmt.Sprintf("Unable to process command '%s' successfully.", s))
			l.error(err.Error())
			l.failed = true
		}
	}
}

func (l *listener) obey(c Command, line string) error {
	if l.echo && c.Name != "add-mask" && c.Name != "debug" && c.Name != "error" && c.Name != "warning" && c.Name != "notice" {
		l.write(line)
	}
	switch c.Name {
	case "error", "warning", "notice":
		l.annotate(c)
	case "group", "endgroup":
		l.write("##[" + c.Name + "]" + c.Data)
	case "debug": // shown only when the job's debug logging is on
	case "add-mask":
		l.mask(c.Data)
	case "stop-commands":
		return l.stopCommands(c.Data, line)
	case "echo":
		return l.setEcho(c.Data)
	case "set-output":
		return set(l.result.Outputs, c)
	case "save-state":
		return set(l.result.State, c)
	case "set-env", "add-path":
		return fmt.Errorf("the `%s` command is disabled; environment files do its work", c.Name)
	default:
		return fmt.Errorf("problem matchers are not emulated: %s", c.Name)
	}
	return nil
}

func set(values map[string]string, c Command) error {
	name := c.Properties["name"]
	if name == "" {
		return fmt.Errorf("the `%s` command has no name", c.Name)
	}
	values[name] = c.Data
	return nil
}

// stopCommands refuses a token that text could guess (ValidateStopToken).
func (l *listener) stopCommands(token, line string) error {
	name := strings.ToLower(token)
	if name == "" || name == "pause-logging" || isCommand(name) {
		return fmt.Errorf("the token %q is empty, pause-logging or a command's name", token)
	}
	l.write(line)
	l.stop = token
	return nil
}

func (l *listener) setEcho(value string) error {
	switch strings.ToUpper(strings.TrimSpace(value)) {
	case "ON":
		l.echo = true
	case "OFF":
		l.echo = false
	default:
		return fmt.Errorf("the `echo` command takes on or off, not %q", value)
	}
	return nil
}

// mask hides a secret, and each of its lines, from then on.
func (l *listener) mask(secret string) {
	if strings.TrimSpace(secret) == "" {
		l.warning("Can't add secret mask for empty string in ##[add-mask] command.")
		return
	}
	l.masks = append(l.masks, secret)
	for line := range strings.FieldsFuncSeq(secret, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = strings.TrimSpace(line); line != "" && line != secret {
			l.masks = append(l.masks, line)
		}
	}
}

func (l *listener) masked(s string) string {
	for _, secret := range l.masks {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}

func (l *listener) write(line string) {
	l.log.WriteString(l.masked(line) + "\n")
}

func (l *listener) error(message string) {
	l.result.Errors = append(l.result.Errors, l.masked(message))
	l.write("##[error]" + message)
}

func (l *listener) warning(message string) {
	l.result.Warnings = append(l.result.Warnings, l.masked(message))
	l.write("##[warning]" + message)
}
