import re
from pathlib import Path

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

required_conan_version = ">=2.0.9"


class TempehConan(ConanFile):
    name = "tempeh"
    description = "Asynchronous, message-framed, duplex, peer-to-peer messaging on Boost.Asio, as C++20 coroutines or plain threads"
    license = "MIT"
    topics = ("messaging", "asio", "coroutines", "networking", "tcp", "unix-sockets")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_tls": [True, False],
        "with_tools": [True, False],
    }
    default_options = {
        "shared": False,
        "fPIC": True,
        "with_tls": False,
        "with_tools": False,
    }
    implements = ["auto_shared_fpic"]
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "lib/*", "tools/*"

    # Older ones have no coroutines, or break them.
    _oldest_compilers = {"gcc": "12", "clang": "16"}

    def set_version(self):
        header = load(self, Path(self.recipe_folder, "include", "tempeh", "version.hpp"))
        parts = (re.search(rf"#define TEMPEH_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("boost/[>=1.81.0 <1.91]", transitive_headers=True)
        self.requires("fmt/[>=9.0.0 <13]", transitive_headers=True)
        self.requires("spdlog/[>=1.10.0 <2]")
        if self.options.with_tls:
            self.requires("openssl/[>=3.0 <4]")
        if self.options.with_tools:
            self.requires("cli11/[>=2.2.0 <3]", visible=False)
            self.requires("nlohmann_json/[>=3.11.0 <4]", visible=False)

    def validate(self):
        check_min_cppstd(self, 20)
        compiler = str(self.settings.compiler)
        version = str(self.settings.compiler.version)
        oldest = self._oldest_compilers.get(compiler)
        if oldest is None:
            self.output.warning(f"tempeh has not been tried with {compiler}")
        elif Version(version) < oldest:
            raise ConanInvalidConfiguration(
                f"tempeh needs the coroutines of {compiler} {oldest} or newer; the profile says {compiler} {version}")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False
        for part in ("TESTS", "SAMPLES", "BENCHMARKS"):
            toolchain.cache_variables[f"TEMPEH_BUILD_{part}"] = False
        toolchain.cache_variables["TEMPEH_BUILD_TOOLS"] = bool(self.options.with_tools)
        toolchain.cache_variables["TEMPEH_TLS"] = bool(self.options.with_tls)
        toolchain.cache_variables["TEMPEH_CCACHE"] = False
        toolchain.cache_variables["TEMPEH_PCH"] = False
        toolchain.cache_variables["TEMPEH_UNITY"] = True
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, str(Path(self.package_folder, "licenses")))
        CMake(self).install()
        # Conan writes its own of these.
        for folder in ("lib/cmake", "lib/pkgconfig", "share/doc"):
            rmdir(self, str(Path(self.package_folder, folder)))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "tempeh")
        # Everything at once; tempeh::tempeh is the library alone.
        self.cpp_info.set_property("cmake_target_name", "tempeh::all")
        self.cpp_info.set_property("pkg_config_name", "tempeh-all")
        library = self.cpp_info.components["libtempeh"]
        library.set_property("cmake_target_name", "tempeh::tempeh")
        library.set_property("pkg_config_name", "tempeh")
        library.libs = ["tempeh"]
        library.requires = ["boost::headers", "fmt::fmt", "spdlog::spdlog"]
        testing = self.cpp_info.components["testing"]
        testing.set_property("cmake_target_name", "tempeh::testing")
        testing.set_property("pkg_config_name", "tempeh-testing")
        testing.libs = ["tempeh_testing"]
        testing.requires = ["libtempeh"]
        actors = self.cpp_info.components["actors"]
        actors.set_property("cmake_target_name", "tempeh::actors")
        actors.set_property("pkg_config_name", "tempeh-actors")
        actors.libs = ["tempeh_actors"]
        actors.requires = ["libtempeh"]
        if self.options.with_tls:
            tls = self.cpp_info.components["tls"]
            tls.set_property("cmake_target_name", "tempeh::tls")
            tls.set_property("pkg_config_name", "tempeh-tls")
            tls.libs = ["tempeh_tls"]
            tls.requires = ["libtempeh", "openssl::ssl"]
        if self.settings.os in ("Linux", "FreeBSD"):
            library.system_libs = ["pthread"]
        elif self.settings.os == "Windows":
            library.system_libs = ["ws2_32", "mswsock"]
        if self.options.shared:
            library.defines = ["TEMPEH_SHARED"]
            if self.settings.os in ("Linux", "FreeBSD"):
                # Asio's note per thread: see docs/decisions/shared_library.md.
                note = self.cpp_info.components["asio"]
                note.set_property("cmake_target_name", "tempeh::asio")
                note.set_property("pkg_config_name", "tempeh-asio")
                note.libs = ["tempeh_asio"]
                library.requires.append("asio")
