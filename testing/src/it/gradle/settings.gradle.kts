rootProject.name = "downstream-gradle"
