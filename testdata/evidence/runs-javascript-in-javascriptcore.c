// Runs a script in JavaScriptCore, the system's framework.
#include "mac.h"

NOINLINE int run(const char *script) {
	JSContextRef context = JSGlobalContextCreate(0);
	JSStringRef text = JSStringCreateWithUTF8CString(script);
	return JSEvaluateScript(context, text, 0, 0, 1, 0) == 0;
}

int main(int argc, char **argv) {
	return run(argv[1]);
}
