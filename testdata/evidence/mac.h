// What the programs here call, declared in our own words: there is no SDK of Apple's on the machine that builds them.
// The numbers are those of sys/mman.h, sys/ptrace.h, sys/fcntl.h, dlfcn.h, mach/vm_prot.h and mach/vm_statistics.h of xnu.

#define NOINLINE __attribute__((noinline))
#define PAGE 0x4000 // of arm64; a multiple of that of x86_64

typedef unsigned long size_t;
typedef long long off_t;

// sys/mman.h
#define PROT_NONE     0
#define PROT_READ     1
#define PROT_WRITE    2
#define PROT_EXEC     4
#define MAP_SHARED    0x1
#define MAP_PRIVATE   0x2
#define MAP_NORESERVE 0x40
#define MAP_JIT       0x800
#define MAP_ANON      0x1000
#define MAP_FAILED    ((void *)-1)
void *mmap(void *, size_t, int prot, int flags, int fd, off_t);
int munmap(void *, size_t);
int mprotect(void *, size_t, int prot);

// mach/vm_map.h, mach/mach_vm.h, mach/mach_traps.h
#define VM_PROT_READ       1
#define VM_PROT_WRITE      2
#define VM_PROT_EXECUTE    4
#define VM_PROT_COPY       0x10
#define VM_FLAGS_ANYWHERE  1
#define VM_FLAGS_OVERWRITE 0x4000
#define VM_INHERIT_NONE    2
typedef int kern_return_t, boolean_t, vm_prot_t;
typedef unsigned mach_port_t, vm_map_t, vm_inherit_t;
typedef unsigned long vm_address_t, vm_size_t, vm_offset_t;
typedef unsigned long long mach_vm_address_t, mach_vm_size_t, mach_vm_offset_t;
extern mach_port_t mach_task_self_;
#define mach_task_self() mach_task_self_
kern_return_t vm_allocate(vm_map_t, vm_address_t *, vm_size_t, int flags);
kern_return_t vm_protect(vm_map_t, vm_address_t, vm_size_t, boolean_t maximum, vm_prot_t);
kern_return_t mach_vm_protect(vm_map_t, mach_vm_address_t, mach_vm_size_t, boolean_t maximum, vm_prot_t);
kern_return_t mach_vm_remap(vm_map_t, mach_vm_address_t *, mach_vm_size_t, mach_vm_offset_t mask, int flags, vm_map_t from,
	mach_vm_address_t, boolean_t copy, vm_prot_t *current, vm_prot_t *most, vm_inherit_t);
kern_return_t mach_vm_write(vm_map_t, mach_vm_address_t, vm_offset_t data, unsigned size);
kern_return_t task_for_pid(mach_port_t, int pid, mach_port_t *);

// sys/ptrace.h
#define PT_ATTACHEXC   14
#define PT_DENY_ATTACH 31
int ptrace(int request, int pid, char *, int);

// dlfcn.h
#define RTLD_LAZY    1
#define RTLD_NOW     2
#define RTLD_NOLOAD  0x10
#define RTLD_DEFAULT ((void *)-2)
void *dlopen(const char *, int);
void *dlsym(void *, const char *);

// pthread.h, libkern/OSCacheControl.h
void pthread_jit_write_protect_np(int);
int pthread_jit_write_protect_supported_np(void);
int pthread_jit_write_with_callback_np(int (*)(void *), void *);
void sys_icache_invalidate(void *, size_t);

// stdlib.h, string.h, stdio.h, unistd.h, sys/fcntl.h
#define O_RDWR  2
#define O_CREAT 0x200
#define O_EXCL  0x800
int open(const char *, int, ...);
long read(int, void *, size_t);
void *memcpy(void *, const void *, size_t);
int puts(const char *);
char *getenv(const char *);
int setenv(const char *, const char *, int);
int unsetenv(const char *);
int execv(const char *, char *const *);
int execve(const char *, char *const *, char *const *);

// JavaScriptCore/JavaScript.h
typedef struct context *JSContextRef;
typedef struct string *JSStringRef;
JSContextRef JSGlobalContextCreate(void *);
JSStringRef JSStringCreateWithUTF8CString(const char *);
void *JSEvaluateScript(JSContextRef, JSStringRef, void *, void *, int, void **);

// The numbers of calls into the kernel (bsd/kern/syscalls.master, osfmk/kern/syscall_sw.c), as the registers want them:
// on arm64 traps of Mach are negative, on x86_64 the class is in the upper byte (osfmk/mach/i386/syscall_sw.h).
#ifdef __arm64__
#define BSD(n)  (n)
#define MACH(n) (-(n))
#else
#define BSD(n)  (0x2000000 | (n))
#define MACH(n) (0x1000000 | (n))
#endif

__attribute__((always_inline)) static inline long system_call(long n, long a, long b, long c, long d, long e, long f) {
#ifdef __arm64__
	register long x16 __asm__("x16") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc #0x80" : "+r"(x0), "+r"(x1) : "r"(x16), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
	return x0;
#else
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "+a"(n), "+d"(c) : "D"(a), "S"(b), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory", "cc");
	return n;
#endif
}
