from conan import ConanFile


class System(ConanFile):
    """The spdlog that the system has, compiled and with the fmt of the system."""
    name = "spdlog"
    package_type = "shared-library"

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = self.cpp_info.includedirs = []
        self.cpp_info.set_property("cmake_target_name", "spdlog::spdlog")
        self.cpp_info.system_libs = ["spdlog", "fmt"]
        self.cpp_info.defines = ["SPDLOG_SHARED_LIB", "SPDLOG_COMPILED_LIB", "SPDLOG_FMT_EXTERNAL"]
