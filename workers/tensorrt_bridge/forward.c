/* Lets NVIDIA's `tensorrt` Python bindings drive the TensorRT-RTX builder, which needs no GPU.
 *
 * The bindings link against libnvinfer, libnvinfer_plugin and libnvonnxparser, which come with
 * TensorRT itself. TensorRT-RTX has the same entry points behind the same C++ interface, under
 * other library names. This file is compiled once for each of the three names; what it makes
 * hands every call on to the RTX libraries, which the process must have loaded before. The
 * builder refuses callers of another version than its own, so it is told its own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define RTX "libtensorrt_rtx.so.1"
#define RTX_PARSER "libtensorrt_onnxparser_rtx.so.1"

static void *entry(const char *library, const char *name) {
    void *loaded = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
    void *found = loaded ? dlsym(loaded, name) : NULL;
    if (found == NULL) {
        fprintf(stderr, "%s has not been loaded, or lacks %s\n", library, name);
        abort();
    }
    return found;
}

#define CALL(library, result, parameters) ((result(*) parameters)entry(library, __func__))

int32_t getInferLibVersion(void) { return CALL(RTX, int32_t, (void))(); }

void *createInferBuilder_INTERNAL(void *logger, int32_t asked) {
    (void)asked;
    return CALL(RTX, void *, (void *, int32_t))(logger, getInferLibVersion());
}

void *createInferRuntime_INTERNAL(void *logger, int32_t asked) {
    (void)asked;
    return CALL(RTX, void *, (void *, int32_t))(logger, getInferLibVersion());
}

void *createInferRefitter_INTERNAL(void *engine, void *logger, int32_t asked) {
    (void)asked;
    return CALL(RTX, void *, (void *, void *, int32_t))(engine, logger, getInferLibVersion());
}

void *getBuilderPluginRegistry(int32_t capability) {
    return CALL(RTX, void *, (int32_t))(capability);
}

void *getPluginRegistry(void) { return CALL(RTX, void *, (void))(); }

void *getLogger(void) { return CALL(RTX, void *, (void))(); }

/* There is no plugin library for RTX, so there is nothing to register: success. */
int initLibNvInferPlugins(void *logger, const char *space) {
    (void)logger;
    (void)space;
    return 1;
}

int32_t getNvOnnxParserVersion(void) { return CALL(RTX_PARSER, int32_t, (void))(); }

void *createNvOnnxParser_INTERNAL(void *network, void *logger, int32_t asked) {
    (void)asked;
    return CALL(RTX_PARSER, void *, (void *, void *, int32_t))(network, logger,
                                                               getInferLibVersion());
}

void *createNvOnnxParserRefitter_INTERNAL(void *refitter, void *logger, int32_t asked) {
    (void)asked;
    return CALL(RTX_PARSER, void *, (void *, void *, int32_t))(refitter, logger,
                                                               getInferLibVersion());
}
