#include "patches/provider.h"

#include <string.h>

static const struct provider_variable alicloud_variables[] = {
    {"STORAGE_CONTAINER", "bucketName", NULL},
    {"ALICLOUD_ENDPOINT", "storageEndpoint", NULL},
    {"ALICLOUD_ACCESS_KEY_ID", "accessKeyID", NULL},
    {"ALICLOUD_ACCESS_KEY_SECRET", "accessKeySecret", NULL},
    {0},
};

static const struct provider_variable aws_variables[] = {
    {"STORAGE_CONTAINER", "bucketName", NULL},
    {"AWS_REGION", "region", NULL},
    {"AWS_ACCESS_KEY_ID", "accessKeyID", NULL},
    {"AWS_SECRET_ACCESS_KEY", "secretAccessKey", NULL},
    {0},
};

static const struct provider_variable azure_variables[] = {
    {"STORAGE_CONTAINER", "bucketName", NULL},
    {"STORAGE_ACCOUNT", "storageAccount", NULL},
    {"STORAGE_KEY", "storageKey", NULL},
    {0},
};

static const struct provider_variable gcp_variables[] = {
    {"STORAGE_CONTAINER", "bucketName", NULL},
    {"GOOGLE_APPLICATION_CREDENTIALS", NULL, "/root/.gcp/serviceaccount.json"},
    {0},
};

static const struct provider_variable openstack_variables[] = {
    {"STORAGE_CONTAINER", "bucketName", NULL},
    {"OS_AUTH_URL", "authURL", NULL},
    {"OS_DOMAIN_NAME", "domainName", NULL},
    {"OS_USERNAME", "username", NULL},
    {"OS_PASSWORD", "password", NULL},
    {"OS_TENANT_NAME", "tenantName", NULL},
    {0},
};

static const struct provider providers[] = {
    {"alicloud", "OSS", true, true, alicloud_variables, NULL, "20Gi"},
    {"aws", "S3", true, true, aws_variables, NULL, "10Gi"},
    {"azure", "ABS", true, true, azure_variables, NULL, "10Gi"},
    {"gcp", "GCS", true, true, gcp_variables, "/root/.gcp/", "10Gi"},
    {"openstack", "Swift", true, true, openstack_variables, NULL, "10Gi"},
    {"packet", "", true, true, NULL, NULL, "10Gi"},
    {"vsphere", "", false, true, NULL, NULL, "10Gi"},
    /* Stores of etcds that never were Gardener's: for the translation only. */
    {"dell", "ECS", false, false, NULL, NULL, NULL},
    {"openshift", "OCS", false, false, NULL, NULL, NULL},
    {"local", "Local", false, false, NULL, NULL, NULL},
};

const char provider_names[] = "alicloud, aws, azure, gcp, openstack, packet, vsphere";

const struct provider *provider_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        if (strcmp(providers[i].name, name) == 0)
            return &providers[i];
    return NULL;
}

const struct provider *provider_by_store(const char *store)
{
    for (size_t i = 0; *store && i < sizeof providers / sizeof *providers; i++)
        if (strcmp(providers[i].store, store) == 0)
            return &providers[i];
    return NULL;
}
