from conan import ConanFile


class System(ConanFile):
    """The nlohmann-json that the system has."""
    name = "nlohmann_json"
    package_type = "header-library"

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = self.cpp_info.includedirs = []
        self.cpp_info.set_property("cmake_target_name", "nlohmann_json::nlohmann_json")
