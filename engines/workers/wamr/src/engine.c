/* What the worker asks of WAMR, by its own structures: its interfaces of 2020 read neither globals nor tables, and give
 * imports to modules by name only. Everything is reached through one table of functions, so that two builds of the
 * engine can be parts of one program. Nothing here decides what an engine decides. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform_api_vmcore.h"
#include "wasm_export.h"
#include "wasm_runtime.h"

/* The type of a function: the bytes of its parameters, then those of its results. */
typedef struct Shape {
    const uint8_t *types;
    uint32_t params;
    uint32_t results;
    uint32_t param_cells;
    uint32_t result_cells;
} Shape;

/* These belong to the platform. What the engine prints must not stand between the worker's answers. */

int bh_platform_init() { return 0; }

void bh_platform_destroy() {}

int os_vprintf(const char *format, va_list arguments) { return vfprintf(stderr, format, arguments); }

int os_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vfprintf(stderr, format, arguments);
    va_end(arguments);
    return written;
}

/* This belongs to a library for programs in C, which is not built in: no global has a name that the engine knows. */
bool wasm_native_lookup_libc_builtin_global(const char *module, const char *name, WASMGlobalImport *global)
{
    (void)module, (void)name, (void)global;
    return false;
}

static Shape shape_of(const WASMType *type)
{
    Shape shape = { type->types, type->param_count, type->result_count, type->param_cell_num, type->ret_cell_num };
    return shape;
}

static bool start(void)
{
    RuntimeInitArgs arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.mem_alloc_type = Alloc_With_System_Allocator;
    return wasm_runtime_full_init(&arguments);
}

static WASMModule *load(uint8_t *bytes, uint32_t size, char *error, uint32_t error_size)
{
    return (WASMModule *)wasm_runtime_load(bytes, size, error, error_size);
}

static void unload(WASMModule *module) { wasm_runtime_unload((wasm_module_t)module); }

/* The positions of imports are those among imports of their kind. */

static bool imported_function(const WASMModule *module, uint32_t position, Shape *shape)
{
    if (position >= module->import_function_count)
        return false;
    *shape = shape_of(module->import_functions[position].u.function.func_type);
    return true;
}

static bool link_function(WASMModule *module, uint32_t position, void *called, void *attachment)
{
    if (position >= module->import_function_count)
        return false;
    WASMFunctionImport *import = &module->import_functions[position].u.function;
    import->call_conv_raw = true;
    import->signature = NULL;
    import->attachment = attachment;
    import->func_ptr_linked = called;
    return true;
}

static bool imported_global(const WASMModule *module, uint32_t position, uint8_t *type, bool *is_mutable)
{
    if (position >= module->import_global_count)
        return false;
    *type = module->import_globals[position].u.global.type;
    *is_mutable = module->import_globals[position].u.global.is_mutable;
    return true;
}

static bool link_global(WASMModule *module, uint32_t position, uint64_t bits)
{
    if (position >= module->import_global_count)
        return false;
    WASMGlobalImport *import = &module->import_globals[position].u.global;
    import->global_data_linked.u64 = bits;
    import->is_linked = true;
    return true;
}

/* Bounds memories as the engine does itself where its pool is smaller; false where one begins larger. */
static bool bound_memories(WASMModule *module, uint32_t pages)
{
    for (uint32_t i = 0; i < module->memory_count; i++) {
        WASMMemory *memory = &module->memories[i];
        if (memory->init_page_count > pages)
            return false;
        if (memory->max_page_count > pages)
            memory->max_page_count = pages;
    }
    return true;
}

static WASMModuleInstance *instantiate(WASMModule *module, uint32_t stack_size, char *error, uint32_t error_size)
{
    return (WASMModuleInstance *)wasm_runtime_instantiate((wasm_module_t)module, stack_size, 0, error, error_size);
}

static void deinstantiate(WASMModuleInstance *instance)
{
    wasm_runtime_deinstantiate((wasm_module_inst_t)instance);
}

static wasm_exec_env_t environment(WASMModuleInstance *instance, uint32_t stack_size)
{
    return wasm_runtime_create_exec_env((wasm_module_inst_t)instance, stack_size);
}

static void end_environment(wasm_exec_env_t environment) { wasm_runtime_destroy_exec_env(environment); }

static WASMFunctionInstance *function(WASMModuleInstance *instance, const char *name)
{
    return (WASMFunctionInstance *)wasm_runtime_lookup_function((wasm_module_inst_t)instance, name, NULL);
}

static uint32_t index_of(const WASMModuleInstance *instance, const WASMFunctionInstance *function)
{
    return (uint32_t)(function - instance->functions);
}

static Shape shape(const WASMFunctionInstance *function)
{
    return shape_of(function->is_import_func ? function->u.func_import->func_type : function->u.func->func_type);
}

static bool call(wasm_exec_env_t environment, WASMFunctionInstance *function, uint32_t cells, uint32_t *values)
{
    return wasm_runtime_call_wasm(environment, (wasm_function_inst_t)function, cells, values);
}

static void *attachment(wasm_exec_env_t environment) { return wasm_runtime_get_function_attachment(environment); }

static WASMModuleInstance *instance_of(wasm_exec_env_t environment)
{
    return (WASMModuleInstance *)wasm_runtime_get_module_inst(environment);
}

static const char *exception(WASMModuleInstance *instance)
{
    return wasm_runtime_get_exception((wasm_module_inst_t)instance);
}

/* Null takes it away. */
static void set_exception(WASMModuleInstance *instance, const char *words)
{
    wasm_runtime_set_exception((wasm_module_inst_t)instance, words);
}

static bool global(const WASMModuleInstance *instance, uint32_t index, uint8_t *type, bool *is_mutable, uint64_t *bits)
{
    if (index >= instance->global_count)
        return false;
    const WASMGlobalInstance *global = &instance->globals[index];
    size_t size = global->type == VALUE_TYPE_I64 || global->type == VALUE_TYPE_F64 ? 8 : 4;
    *type = global->type;
    *is_mutable = global->is_mutable;
    *bits = 0;
    memcpy(bits, instance->global_data + global->data_offset, size);
    return true;
}

static bool memory(const WASMModuleInstance *instance, uint32_t index, const uint8_t **bytes, uint64_t *size)
{
    if (index >= instance->memory_count)
        return false;
    const WASMMemoryInstance *memory = instance->memories[index];
    *bytes = memory->memory_data;
    *size = (uint64_t)memory->num_bytes_per_page * memory->cur_page_count;
    return true;
}

/* Elements are indices of functions, or 2^32 - 1 where there is none. */
static bool table(const WASMModuleInstance *instance, uint32_t index, const uint32_t **elements, uint32_t *count)
{
    if (index >= instance->table_count)
        return false;
    const WASMTableInstance *table = instance->tables[index];
    *elements = (const uint32_t *)table->base_addr;
    *count = table->cur_size;
    return true;
}

/* `Interface` in `engine.rs` has the same fields in the same order. */
typedef struct Interface {
    bool (*start)(void);
    WASMModule *(*load)(uint8_t *, uint32_t, char *, uint32_t);
    void (*unload)(WASMModule *);
    bool (*imported_function)(const WASMModule *, uint32_t, Shape *);
    bool (*link_function)(WASMModule *, uint32_t, void *, void *);
    bool (*imported_global)(const WASMModule *, uint32_t, uint8_t *, bool *);
    bool (*link_global)(WASMModule *, uint32_t, uint64_t);
    bool (*bound_memories)(WASMModule *, uint32_t);
    WASMModuleInstance *(*instantiate)(WASMModule *, uint32_t, char *, uint32_t);
    void (*deinstantiate)(WASMModuleInstance *);
    wasm_exec_env_t (*environment)(WASMModuleInstance *, uint32_t);
    void (*end_environment)(wasm_exec_env_t);
    WASMFunctionInstance *(*function)(WASMModuleInstance *, const char *);
    uint32_t (*index_of)(const WASMModuleInstance *, const WASMFunctionInstance *);
    Shape (*shape)(const WASMFunctionInstance *);
    bool (*call)(wasm_exec_env_t, WASMFunctionInstance *, uint32_t, uint32_t *);
    void *(*attachment)(wasm_exec_env_t);
    WASMModuleInstance *(*instance_of)(wasm_exec_env_t);
    const char *(*exception)(WASMModuleInstance *);
    void (*set_exception)(WASMModuleInstance *, const char *);
    bool (*global)(const WASMModuleInstance *, uint32_t, uint8_t *, bool *, uint64_t *);
    bool (*memory)(const WASMModuleInstance *, uint32_t, const uint8_t **, uint64_t *);
    bool (*table)(const WASMModuleInstance *, uint32_t, const uint32_t **, uint32_t *);
} Interface;

const Interface *WASSAY_ENGINE(void);

const Interface *WASSAY_ENGINE(void)
{
    static const Interface interface = {
        start, load, unload, imported_function, link_function, imported_global, link_global, bound_memories,
        instantiate, deinstantiate, environment, end_environment, function, index_of, shape, call, attachment,
        instance_of, exception, set_exception, global, memory, table,
    };
    return &interface;
}
