from conan import ConanFile


class System(ConanFile):
    """The fmt that the system has."""
    name = "fmt"
    package_type = "shared-library"

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = self.cpp_info.includedirs = []
        self.cpp_info.set_property("cmake_target_name", "fmt::fmt")
        self.cpp_info.system_libs = ["fmt"]
