package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// grace is how long a run that is interrupted has to end by itself: to finish a file that
// it is writing, and to clear the terminal. GitHub's runner waits 7.5 seconds between
// SIGINT and SIGTERM, and then 2.5 more (ProcessInvoker.cs in actions/runner).
const grace = 2 * time.Second

// interrupted is why a run ended before its end.
type interrupted struct{ syscall.Signal }

func (i interrupted) Error() string { return fmt.Sprintf("interrupted (%s)", i.Signal) }

// status is the one that shells give to what a signal ended.
func (i interrupted) status() status { return status(128 + int(i.Signal)) }

// interruptible returns a context that ends with the first SIGINT or SIGTERM, unless
// whoever started the process has it ignore them. The second ends the process.
func interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(interrupted{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// await returns how a run ended; what is not over some time after ctx is left alone.
func await(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return context.Cause(ctx)
	}
}
